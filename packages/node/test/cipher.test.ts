import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cipher, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { cipher, formatKeys, generateKey, run, systemRandom } from '../src/index.js'

const opens = (by: Cipher, sealed: string) => by.open(sealed, 'here')
const sealedBy = (by: Cipher) => by.seal(Secret.make('Record', 'what is kept'), 'here')()

describe('a cipher from where its keys are kept', () => {
  it('is the same from a file that it made and from a variable with the same keys', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cipher-'))
    try {
      const file = join(folder, 'key')
      const first = await run(cipher({ file, create: true }))
      const again = await run(cipher({ file }))
      expect(E.isRight(opens(again, sealedBy(first)))).toBe(true)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('reads a variable, and names it where it is not set', async () => {
    const keys = formatKeys({ write: generateKey(systemRandom)() })
    process.env['CIPHER_TEST_KEY'] = Secret.open(keys)
    const first = await run(cipher({ variable: 'CIPHER_TEST_KEY' }))
    const again = await run(cipher({ variable: 'CIPHER_TEST_KEY' }))
    expect(E.isRight(opens(again, sealedBy(first)))).toBe(true)
    delete process.env['CIPHER_TEST_KEY']
    const missing = await cipher({ variable: 'CIPHER_TEST_KEY' })()
    expect(missing).toMatchObject({ left: { _tag: 'Misconfigured', field: 'CIPHER_TEST_KEY' } })
  })

  it('does not make a file unless it is told to', async () => {
    const file = join(tmpdir(), 'no-such-folder', 'key')
    expect(await cipher({ file })()).toMatchObject({ left: { _tag: 'Misconfigured', field: file } })
  })
})
