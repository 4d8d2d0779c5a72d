// What made jpegli_goldens.json: one call of libjpegli's public API, its settings as arguments.
//
// Built as a shared library from the jpegli source inside pyjpegli 0.3.2's sdist (target jpegli-static, Release, GCC
// 12.2, x86-64; jpegli chooses AVX-512 or AVX2 by itself), then: python tests/codec/jpegli_goldens.py LIBRARY.

#include <cstdio>
#include <cstdlib>

#include "lib/jpegli/encode.h"

// scans: n_scans rows of four components (-1 for none), Ss, Se, Ah, Al; 0 rows for jpegli's own script of `level`.
// Returns the size of *out, which the caller frees.
extern "C" long jpegli_driver(const unsigned char* samples, int width, int height, int channels, int quality,
                              int h_samp_factor, int v_samp_factor, int level, int optimize, int adaptive,
                              int force_baseline, int restart_interval, const int* scans, int n_scans,
                              unsigned char** out) {
  jpeg_compress_struct cinfo;
  jpeg_error_mgr errors;
  unsigned long size = 0;
  *out = nullptr;
  cinfo.err = jpegli_std_error(&errors);
  jpegli_create_compress(&cinfo);
  jpegli_mem_dest(&cinfo, out, &size);
  cinfo.image_width = width;
  cinfo.image_height = height;
  cinfo.input_components = channels;
  cinfo.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpegli_set_defaults(&cinfo);
  cinfo.comp_info[0].h_samp_factor = h_samp_factor;
  cinfo.comp_info[0].v_samp_factor = v_samp_factor;
  jpegli_set_quality(&cinfo, quality, force_baseline);  // after the sampling, which the tables depend on
  jpegli_enable_adaptive_quantization(&cinfo, adaptive);
  jpegli_set_progressive_level(&cinfo, level);
  cinfo.optimize_coding = optimize;
  cinfo.restart_interval = restart_interval;
  jpeg_scan_info* script = nullptr;
  if (n_scans > 0) {
    script = static_cast<jpeg_scan_info*>(calloc(n_scans, sizeof *script));
    for (int i = 0; i < n_scans; ++i) {
      const int* row = scans + 8 * i;
      for (int j = 0; j < 4; ++j) {
        if (row[j] >= 0) script[i].component_index[script[i].comps_in_scan++] = row[j];
      }
      script[i].Ss = row[4];
      script[i].Se = row[5];
      script[i].Ah = row[6];
      script[i].Al = row[7];
    }
    cinfo.scan_info = script;
    cinfo.num_scans = n_scans;
  }
  jpegli_start_compress(&cinfo, TRUE);
  while (cinfo.next_scanline < cinfo.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(samples + static_cast<long>(cinfo.next_scanline) * width * channels);
    jpegli_write_scanlines(&cinfo, &row, 1);
  }
  jpegli_finish_compress(&cinfo);
  jpegli_destroy_compress(&cinfo);
  free(script);
  return size;
}
