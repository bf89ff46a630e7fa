const POLYNOMIAL = 0xEDB8_8320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/**
 * The CRC-32 of bytes, as in gzip (RFC 1952, section 8), PNG (annex D) and Python's `zlib.crc32`. It tells damage, not malice.
 *
 * @param bytes The bytes.
 * @param before The CRC-32 of the bytes before them.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; ++i) crc = TABLE[(crc ^ bytes[i]!) & 0xFF]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
