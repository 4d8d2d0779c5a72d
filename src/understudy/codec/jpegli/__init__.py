"""jpegli: Facebook's encoder since about 2024. Its tables and quantiser as data, its arithmetic in kernels.

`tables` is light (codec.tables reads it); `encode` holds the kernels. The entropy layer is jpeg/histogram_merge.py.
"""
