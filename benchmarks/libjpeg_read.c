/* The peer for reading coefficients: libjpeg's own jpeg_read_coefficients on a file in memory, called through ctypes.
 * Build: cc -O2 -shared -fPIC libjpeg_read.c -o libjpeg_read.so -ljpeg   (Debian: libjpeg62-turbo-dev) */
#include <stdio.h>
#include <jpeglib.h>

/* Reads all coefficients of `data`; returns a sum over one row of blocks so that nothing can be optimised away. */
long read_coefficients(const unsigned char *data, unsigned long size) {
    struct jpeg_decompress_struct reader;
    struct jpeg_error_mgr errors;
    long sum = 0;
    reader.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&reader);
    jpeg_mem_src(&reader, (unsigned char *)data, size);
    jpeg_read_header(&reader, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&reader);
    for (int c = 0; c < reader.num_components; c++) {
        JBLOCKARRAY row = reader.mem->access_virt_barray((j_common_ptr)&reader, arrays[c], 0, 1, FALSE);
        for (unsigned i = 0; i < reader.comp_info[c].width_in_blocks; i++) sum += row[0][i][0];
    }
    jpeg_finish_decompress(&reader);
    jpeg_destroy_decompress(&reader);
    return sum;
}
