import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importsFile, importsText } from '../imports.js'
import { root } from '../published.js'

test('what each package may import is what the linter is told', () => {
  expect(readFileSync(join(root, importsFile), 'utf8')).toBe(importsText())
})
