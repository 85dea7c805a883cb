import type { IO } from 'fp-ts/lib/IO.js'

/** True at its first run, false ever after. */
export const once = (): IO<boolean> => {
  let spent = false
  return () => {
    const first = !spent
    spent = true
    return first
  }
}
