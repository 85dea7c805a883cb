/** Many small numbers, four bytes each. */
export interface Numbers {
  readonly length: () => number
  readonly at: (index: number) => number
  readonly push: (value: number) => void
}

export const makeNumbers = (): Numbers => {
  let values = new Int32Array(1 << 12)
  let length = 0
  return {
    length: () => length,
    at: (index) => values[index] ?? -1,
    push: (value) => {
      if (length === values.length) {
        const more = new Int32Array(2 * length)
        more.set(values)
        values = more
      }
      values[length++] = value
    },
  }
}
