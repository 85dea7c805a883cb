// The programs that a reader pastes: each fence of a page that says `js` and no more, and each file of docs/examples.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { packages, root } from './published.js'

/**
 * @typedef {{ readonly where: string, readonly code: string }} Program
 */

/**
 * @param {string} page its path from the root
 * @param {string} text
 * @returns {readonly Program[]}
 */
export const inPage = (page, text) =>
  [...text.matchAll(/^```js\n(.*?)^```$/gms)].map((fence) => ({
    where: `${page}:${text.slice(0, fence.index).split('\n').length + 1}`,
    code: fence[1] ?? '',
  }))

/**
 * What looks like a secret of the sandbox: a token, a code, a client's secret, an assertion, a private key.
 * @param {string} output
 * @returns {boolean}
 */
export const tellsSecret = (output) =>
  /\b(?:at|rt|code|device|secret)_[\w-]{32}|\beyJ[\w-]+\.eyJ[\w-]+\.|BEGIN [A-Z ]*PRIVATE KEY/.test(output)

/** @param {string} folder */
const filesBelow = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    // What makes the site of it has pages of its own, and copies of these.
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((entry) =>
      entry.isDirectory()
        ? readdirSync(join(root, folder, entry.name), { recursive: true, encoding: 'utf8' }).map((name) =>
            join(folder, entry.name, name),
          )
        : [join(folder, entry.name)],
    )

/** @returns {readonly string[]} the files that have programs, as paths from the root */
export const sources = () =>
  [
    'README.md',
    ...filesBelow('docs').filter((file) => /\.(?:md|mjs)$/.test(file)),
    ...readdirSync(packages).map((name) => join(relative(root, packages), name, 'README.md')),
  ].filter((file) => existsSync(join(root, file)))

/**
 * @param {string} source a path from the root
 * @returns {readonly Program[]}
 */
export const programsOf = (source) => {
  const text = readFileSync(join(root, source), 'utf8')
  return source.endsWith('.md') ? inPage(source, text) : [{ where: source, code: text }]
}
