import { Secret } from '@tessera/core'
import * as fc from 'fast-check'
import { makeCanaries } from '../src/demo/canaries.js'

const secret = fc.string({ minLength: 8, maxLength: 60 }).filter((text) => text.trim().length >= 8)

describe('the search of the tour', () => {
  it('finds a secret in any form, anywhere', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), fc.nat(), (text, before, after, choice) => {
        const canaries = makeCanaries()
        canaries.remember(text)
        const forms = Secret.forms(text)
        expect(canaries.foundIn(`${before}${forms[choice % forms.length]}${after}`)).toBe(1)
      }),
    )
  })

  it('finds nothing where nothing is', () => {
    const canaries = makeCanaries()
    canaries.remember('c0ffee-c0ffee', 'short')
    expect(canaries.size()).toBe(1)
    expect(canaries.foundIn('17 scenes, c0ffee')).toBe(0)
  })
})
