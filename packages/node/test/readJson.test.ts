import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { readJson } from '../src/index.js'

describe('readJson', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-node-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  test('property: any JSON is read, with or without a byte order mark', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom('', '\uFEFF'), async (json, mark) => {
        expect(await readJson(file('any.json', `${mark}${json}`))()).toEqual(E.right(JSON.parse(json)))
      }),
      { numRuns: 50 },
    )
  })

  test('what is wrong names the path and shows nothing of the file', async () => {
    for (const path of [join(folder, 'none.json'), folder, file('bad.json', '{"a": c4n4ry}'), file('empty.json', '')]) {
      const result = await readJson(path)()
      expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field: path } })
      expect(inspect(result)).not.toContain('c4n4ry')
    }
  })
})
