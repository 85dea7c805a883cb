import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorSources, errorsFile, errorsPage, kindsIn, textsIn } from '../errors.js'
import { root } from '../published.js'

const source = errorSources()

test('the page of errors says what the docstrings and the sources say', () => {
  expect(readFileSync(join(root, errorsFile), 'utf8')).toBe(errorsPage())
})

test('each member of the union has causes and cures', () => {
  const kinds = kindsIn(source)
  const union = /export type Cause =([^/]*)\n\n/.exec(source)?.[1]?.match(/\w+/g) ?? []
  expect(kinds.map(({ tag }) => tag).sort()).toEqual([...union, 'Exhausted'].sort())
  for (const { tag, summary, causes, cures } of kinds) {
    expect([tag, summary.length > 0, causes.length > 0, cures.length > 0]).toEqual([tag, true, true, true])
  }
})

test('messages are the texts of calls, with what the program puts in left out', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program.
  const call = 'AuthError.timedOut(`a connection to ${origin({ of: url })}`)'
  const code = `${call}\nother('no text of it')\nAuthError.timedOut('x')`
  expect(textsIn(code, 'timedOut')).toEqual(['a connection to …'])
})
