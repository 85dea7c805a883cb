// docs/guides/errors.md: each member of AuthError with its causes and cures, from its docstring. `npm run check errors`.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { published, root } from './published.js'
import { compareOrUpdate } from './written.js'

/**
 * @typedef {{ readonly tag: string, readonly summary: string, readonly causes: readonly string[], readonly cures: readonly string[] }} Kind
 */

/**
 * @param {string} text lines, each item of which begins with a dash
 * @returns {readonly string[]}
 */
const items = (text) =>
  text
    .split(/^- /m)
    .slice(1)
    .map((item) => item.replaceAll(/\s+/g, ' ').trim())

/**
 * @param {string} source of the modules that declare the union's members
 * @returns {readonly Kind[]} in the order of the source
 */
export const kindsIn = (source) =>
  [...source.matchAll(/\/\*\*\n((?: \*.*\n)+?) \*\/\nexport interface (\w+) \{\n {2}readonly _tag: '\2'/g)].map(
    ([, comment = '', tag = '']) => {
      const text = comment.replaceAll(/^ \* ?/gm, '')
      const [summary = '', causes = '', cures = ''] = text.split(/^@remarks\nCauses:$|^What to do:$/m)
      return { tag, summary: summary.replaceAll(/\s+/g, ' ').trim(), causes: items(causes), cures: items(cures) }
    },
  )

/** What a literal says: `…` stands for what the program puts in. */
const said = (/** @type {string} */ literal) =>
  literal.replaceAll(/\$\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, '…').replaceAll(/\\(.)/g, '$1')

/**
 * The texts that the calls of a constructor have: literals of more than one word.
 * @param {string} source
 * @param {string} maker
 * @returns {readonly string[]}
 */
export const textsIn = (source, maker) => {
  /** @type {string[]} */
  const texts = []
  for (const { index } of source.matchAll(new RegExp(`\\b${maker}\\(`, 'g'))) {
    const from = source.slice(index + maker.length)
    let depth = 0
    for (const [token] of from.matchAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|[()]/g)) {
      if (token === '(') depth++
      else if (token === ')') depth--
      else if (/\w+ .*\w/s.test(said(token).slice(1, -1))) texts.push(said(token).slice(1, -1).replaceAll(/\s+/g, ' '))
      if (depth === 0) break
    }
  }
  return texts
}

/** @param {string} tag */
const constructorOf = (tag) => tag.charAt(0).toLowerCase() + tag.slice(1)

/** @param {string} folder */
const sourcesOf = (folder) => {
  const src = join(folder, 'src')
  if (!existsSync(src)) return []
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => readFileSync(join(src, name), 'utf8').replaceAll(/\/\*\*.*?\*\//gs, ''))
}

const INTRODUCTION = `# Errors, causes and cures

There is no token: here is why, and what helps. Search this page for the name that the error's \`_tag\` has, or for words of its message.

\`\`\`ts
import { AuthError, remoteCallback } from '@tessera/core'
import { connect } from '@tessera/node'

const session = connect(
  remoteCallback(async () => {
    throw new Error('the vault is sealed')
  }),
)
const thrown: unknown = await session.token().catch((error: unknown) => error)
assert.ok(AuthError.isException(thrown))
assert.strictEqual(thrown.error._tag, 'OutcomeUnknown')
assert.ok(AuthError.isRetryable(thrown.error))
\`\`\`

Promises reject with an \`Error\` whose \`error\` is the typed one. Its \`cause\` is what your own code threw, if it did. \`AuthError.show\` makes one
line of it, without a secret. \`AuthError.isRetryable\` says whether the same call may succeed later, \`AuthError.isTerminal\` that it cannot without
a change.

## An API answers 401 although the token is valid

This is no error of a source, which does not see why an API refuses. After a 401, \`fetch\` of a connection renews the token and sends the
request once more. If the API refuses that one too, its answer is yours.

- The token is for another API, or lacks a scope: read the \`WWW-Authenticate\` of the answer, and ask for the audience and scope that it wants.
- A clock is wrong: that of the API, or the provider's. The API takes the token for expired, or for not valid yet. Compare both with the header
  \`Date\` of their answers. The date of your own machine does not matter for a token with \`expires_in\`; it does for assertions that it
  signs, proofs (DPoP) and ID tokens.
- Somebody has revoked the token at the provider, or the provider ends an access token as soon as it is refreshed.

<!-- Made by \`npm run check errors -- --update\` from packages/core/src/internal/*Errors.ts. -->
`

/** The source texts that declare the members of the union. */
export const errorSources = () =>
  ['requestErrors', 'sessionErrors', 'authErrors']
    .map((name) => readFileSync(join(root, `packages/core/src/internal/${name}.ts`), 'utf8'))
    .join('\n')

/** @param {string} text */
const linked = (text) => text.replaceAll(/\{@link (?:\w+\.)?(\w+)\}/g, (_, name) => `\`${name}\``)

/**
 * The messages of all packages that make an error of this kind, as a list: for the site, which has them as they are when it is built.
 * @param {string} tag
 * @returns {readonly string[]}
 */
export const messagesOf = (tag) => {
  const found = new Map(
    published.flatMap(({ folder, short }) =>
      sourcesOf(folder).flatMap((text) =>
        textsIn(text, constructorOf(tag)).map((words) => /** @type {const} */ ([words, short])),
      ),
    ),
  )
  return [...found].map(([words, short]) => `- \`${words.replaceAll('`', "'")}\` (${short})`).sort()
}

/** @returns {string} */
export const errorsPage = () => {
  const kinds = kindsIn(errorSources())
  const sections = kinds.map(({ tag, summary, causes, cures }) => {
    return [
      `## ${tag}`,
      '',
      linked(summary),
      '',
      '**Causes**',
      '',
      ...causes.map((cause) => `- ${linked(cause)}`),
      '',
      '**What to do**',
      '',
      ...cures.map((cure) => `- ${linked(cure)}`),
      '',
      `<!-- messages: ${tag} -->`,
      '',
    ].join('\n')
  })
  return [INTRODUCTION, ...sections].join('\n')
}

/** Where the page is, from the root. */
export const errorsFile = 'docs/guides/errors.md'

if (process.argv[1]?.endsWith('errors.js')) compareOrUpdate(errorsFile, errorsPage(), 'errors')
