/** Lets `toEqual` compare secrets by what is inside: their members say nothing of it. */
import { Secret } from '@tessera/core'

declare global {
  namespace jest {
    interface Expect {
      /** Of Jest since 29.4; its types do not have it. */
      addEqualityTesters: (testers: ReadonlyArray<(a: unknown, b: unknown) => boolean | undefined>) => void
    }
  }
}

expect.addEqualityTesters([
  (a: unknown, b: unknown) => (Secret.is(a) && Secret.is(b) ? a.kind === b.kind && Secret.eq.equals(a, b) : undefined),
])
