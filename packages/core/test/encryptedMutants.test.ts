import { coreLoader, mutants } from '@tessera/proof'
import { recordAfter } from './support/encryption.js'

const loadCore = coreLoader()

test.each(mutants.filter(({ judges: { unopened = false } }) => unopened))(
  'a session whose record does not open stays in the store: a mutant is noticed: $name',
  async ({ patches }) => {
    expect((await recordAfter(loadCore(patches))).isKept).toBe(false)
  },
)
