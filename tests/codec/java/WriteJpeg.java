import java.awt.image.BufferedImage;
import java.io.*;
import javax.imageio.*;
import javax.imageio.stream.*;

/** Pictures from standard input to JPEG files on standard output, each as its length and its bytes.
    In: mode, width, height, quality in 100ths (-1 for none given), progressive, then the samples. Mode 1 is grey, 3 RGB. */
public class WriteJpeg {
  public static void main(String[] args) throws Exception {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out));
    while (true) {
      int mode = in.read();
      if (mode < 0) break;
      int width = in.readInt(), height = in.readInt(), quality = in.readInt(), progressive = in.readInt();
      byte[] samples = in.readNBytes(width * height * mode);
      BufferedImage image = new BufferedImage(width, height,
          mode == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
      int[] row = new int[samples.length];
      for (int i = 0; i < row.length; i++) row[i] = samples[i] & 255;
      image.getRaster().setPixels(0, 0, width, height, row);
      ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
      ImageWriteParam how = writer.getDefaultWriteParam();
      if (quality >= 0) {
        how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        how.setCompressionQuality(quality / 100f);
      }
      if (progressive == 1) how.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      writer.setOutput(new MemoryCacheImageOutputStream(file));
      writer.write(null, new IIOImage(image, null, null), how);
      ((ImageOutputStream) writer.getOutput()).flush();
      writer.dispose();
      out.writeInt(file.size());
      out.write(file.toByteArray());
    }
    out.flush();
  }
}
