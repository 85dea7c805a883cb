/**
 * What jest says of a run, as far as it concerns the contract.
 */
import { readFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

/** One test of a run. */
export interface Test {
  /** From the root. */
  readonly file: string
  readonly ancestors: ReadonlyArray<string>
  readonly title: string
  readonly status: string
}

const Results = t.type({
  testResults: t.readonlyArray(
    t.type({
      name: t.string,
      message: t.string,
      assertionResults: t.readonlyArray(
        t.type({ ancestorTitles: t.readonlyArray(t.string), title: t.string, status: t.string }),
      ),
    }),
  ),
})

/** The tests of `jest --json`, by file, in the order in which they stand there. A file that does not load is a failed test. */
export const readResults = (path: string, root: string): ReadonlyArray<Test> => {
  const decoded = Results.decode(JSON.parse(readFileSync(path, 'utf8')))
  if (E.isLeft(decoded)) throw new Error(`${path} is no result of jest --json`)
  return decoded.right.testResults
    .map(({ name, ...rest }) => ({ ...rest, file: relative(root, name).split(sep).join('/') }))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .flatMap(
      ({ file, message, assertionResults }): ReadonlyArray<Test> =>
        assertionResults.length === 0 && message !== ''
          ? [{ file, ancestors: [], title: 'the file does not load', status: 'failed' }]
          : assertionResults.map(({ ancestorTitles, title, status }) => ({
              file,
              ancestors: ancestorTitles,
              title,
              status,
            })),
    )
}

/** What an id looks like. */
export const ID = /\b[SB]-[A-Z0-9]+-\d\d\b/g

/** The whole name of a test. */
export const fullName = ({ ancestors, title }: Test): string => [...ancestors, title].join(' ')

/** The ids that a test carries. */
export const idsOf = (test: Test): ReadonlyArray<string> => [...new Set(fullName(test).match(ID) ?? [])]
