/**
 * Every secret of a row, to be looked for in all that it wrote.
 */
import { Secret } from '@tessera/core'

export interface Canaries {
  readonly remember: (...secrets: ReadonlyArray<string>) => void
  /** Takes what was written somewhere: the output of a process, an error, a log of a server. */
  readonly wrote: (text: string) => void
  /** How many of the secrets are in what was written, in any of the forms that `Secret.forms` knows. */
  readonly found: () => number
}

// Shorter ones are in any text by accident.
const SHORTEST = 8

export const makeCanaries = (): Canaries => {
  const known = new Set<string>()
  const texts: string[] = []
  return {
    remember: (...secrets) => {
      for (const secret of secrets) if (secret.length >= SHORTEST) known.add(secret)
    },
    wrote: (text) => {
      texts.push(text)
    },
    found: () => {
      const all = texts.join('\n')
      return [...known].filter((secret) => Secret.forms(secret).some((form) => all.includes(form))).length
    },
  }
}
