import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;

/** Jobs on standard input: how (0 nearest, 1 bilinear, 2 bicubic), kind of source, width, height, new width, new height,
    then RGB samples; the RGB samples of drawImage on standard output. */
public class Scale {
    static final Object[] HINTS = {
        RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR, RenderingHints.VALUE_INTERPOLATION_BILINEAR,
        RenderingHints.VALUE_INTERPOLATION_BICUBIC,
    };

    public static void main(String[] none) throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        DataOutputStream out = new DataOutputStream(System.out);
        while (true) {
            int how = in.read();
            if (how < 0) break;
            int kind = in.read(), w = in.readInt(), h = in.readInt(), nw = in.readInt(), nh = in.readInt();
            byte[] samples = new byte[3 * w * h];
            in.readFully(samples);
            BufferedImage from = new BufferedImage(w, h, kind), to = new BufferedImage(nw, nh, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < w * h; i++)
                from.setRGB(i % w, i / w, 255 << 24 | (samples[3 * i] & 255) << 16 | (samples[3 * i + 1] & 255) << 8
                    | samples[3 * i + 2] & 255);
            Graphics2D g = to.createGraphics();
            g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, HINTS[how]);
            g.drawImage(from, 0, 0, nw, nh, null);
            byte[] made = new byte[3 * nw * nh];
            for (int i = 0; i < nw * nh; i++) {
                int p = to.getRGB(i % nw, i / nw);
                made[3 * i] = (byte) (p >> 16);
                made[3 * i + 1] = (byte) (p >> 8);
                made[3 * i + 2] = (byte) p;
            }
            out.write(made);
        }
        out.flush();
    }
}
