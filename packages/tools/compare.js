// The programs of docs/examples beside the same in other libraries (docs/comparison), counted, as tables in docs/comparison.md:
// `npm run check compare`. Fails where one of ours takes more statements than another.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { count } from './count.js'
import { root } from './published.js'
import { compareOrUpdate } from './written.js'

const peers = ['google-auth-library', 'openid-client', 'simple-oauth2']

/** @type {readonly { readonly task: string, readonly title: string, readonly cannot: Readonly<Record<string, string>> }[]} */
const tasks = [
  { task: 'service', title: 'A service calls an API in its own name', cannot: {} },
  { task: 'web', title: 'People log in to a web application, with sessions in Postgres', cannot: {} },
  {
    task: 'device',
    title: 'A tool without a browser logs in by a code',
    cannot: { 'google-auth-library': 'has no device grant', 'simple-oauth2': 'has no device grant' },
  },
  { task: 'fleet', title: 'Eight workers share one session in Redis', cannot: {} },
  {
    task: 'box',
    title: 'A Box service account, from its settings file',
    cannot: {
      'google-auth-library': 'sends its assertions to Google only',
      'simple-oauth2': 'has no JWT grant (RFC 7523)',
    },
  },
]

/** @param {string} folder @param {string} name */
const program = (folder, name) => {
  const path = join('docs', folder, `${name}.mjs`)
  if (!existsSync(join(root, path))) throw new Error(`${path} is not there`)
  const text = readFileSync(join(root, path), 'utf8')
  const comment = /^(?:\/\/ .*\n)+/
    .exec(text)?.[0]
    .replaceAll(/^\/\/ /gm, '')
    .replaceAll('\n', ' ')
  return { link: `${folder}/${name}.mjs`, ...count(text), without: /Without: (.*)$/.exec(comment ?? '')?.[1]?.trim() }
}

/** @param {readonly (string | number)[]} cells */
const row = (cells) => `| ${cells.join(' | ')} |`

/** @param {string} name @param {ReturnType<typeof program>} counted */
const counts = (name, { link, statements, imports, names, concepts }) =>
  row([`[${name}](${link})`, statements, imports, names, concepts.length])

/** @param {(typeof tasks)[number]} task */
const table = ({ task, title, cannot }) => {
  const ours = program('examples', task)
  const others = peers
    .filter((peer) => cannot[peer] === undefined)
    .map((peer) => ({ peer, ...program('comparison', `${task}.${peer}`) }))
  for (const { peer, statements } of others)
    if (statements < ours.statements) {
      console.error(`${task}: ${ours.statements} statements, and ${statements} with ${peer}`)
      process.exitCode = 1
    }
  return [
    `### ${title}`,
    '',
    row(['program', 'statements', 'imports', 'names', 'concepts']),
    row(['---', '--:', '--:', '--:', '--:']),
    counts('Tessera', ours),
    ...peers.map((peer) => {
      const other = others.find((one) => one.peer === peer)
      return other === undefined ? row([`${peer} ${cannot[peer]}`, '—', '—', '—', '—']) : counts(peer, other)
    }),
    '',
    ...others.map(({ peer, without }) => `- ${peer}: without ${without}`),
  ].join('\n')
}

const page = 'docs/comparison.md'
const BEGIN = '<!-- generated: tables -->\n'
const END = '\n<!-- end -->'
const [before, rest] = readFileSync(join(root, page), 'utf8').split(BEGIN)
const after = rest?.slice(rest.indexOf(END))
if (before === undefined || after === undefined) throw new Error(`${page} has no place for the tables`)
compareOrUpdate(page, `${before}${BEGIN}${tasks.map(table).join('\n\n')}${after}`, 'compare')
