/**
 * 64 bits of a text, as text: of two that differ, the same once in 2^64. For what nobody gains by a clash: it is no digest of a
 * cryptographer's, which no platform has without waiting.
 */
export const checksum = (text: string): string => {
  let one = 0x811c9dc5
  let other = 0x9e3779b9
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul(other ^ unit, 0x85ebca6b)
    // A multiplication carries to the left only.
    other ^= other >>> 13
  }
  return [one ^ (one >>> 15), other].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}
