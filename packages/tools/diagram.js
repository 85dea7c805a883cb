// The states of a session and the transitions between them, as the exploration of `step` finds them, in docs/lifecycle.md: three
// pictures of what matters to a reader, and a table of all. `npm run check diagram`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lifecycle } from '@tessera/core'
import { forLifeStates, lifeStates, view } from '@tessera/proof'
import { root } from './published.js'
import { compareOrUpdate } from './written.js'

/** @typedef {readonly [from: string, cause: string, to: string, says: string]} Edge */

/** @type {Readonly<Record<string, { readonly starts: string, readonly edges: readonly Edge[] }>>} */
const PICTURES = {
  common: {
    starts: 'Empty',
    edges: [
      ['Empty', 'logged in', 'Valid', 'a person logs in'],
      ['Valid', 'requested', 'Renewing', 'it is time to renew'],
      ['Renewing', 'redeemed', 'Valid', 'a new token is saved'],
      ['Renewing', 'invalid_grant', 'LogInAgain', 'the provider refuses the refresh token'],
      ['LogInAgain', 'logged in', 'Valid', 'a person logs in'],
    ],
  },
  rare: {
    starts: 'Valid',
    edges: [
      ['Valid', 'refused', 'Refused', 'an API answers 401'],
      ['Refused', 'requested', 'Renewing', 'somebody asks'],
      ['Renewing', 'throttled', 'CoolingDown', 'the provider answers 429'],
      ['CoolingDown', 'time', 'Expired', 'the wait is over'],
      ['Expired', 'requested', 'Renewing', 'somebody asks'],
      ['Renewing', 'time', 'Orphaned', 'no answer came'],
      ['Orphaned', 'requested', 'Recovering', 'somebody asks'],
      ['Recovering', 'redeemed', 'Valid', 'a new token is saved'],
      ['Recovering', 'invalid_grant', 'LogInAgain', 'it was used up'],
    ],
  },
  ends: {
    starts: 'Valid',
    edges: [
      ['Valid', 'revoke', 'Revoking', 'revoke'],
      ['Revoking', 'revocation confirmed', 'Revoked', 'the provider confirms'],
      ['Revoking', 'logged in', 'Valid', 'a person logs in'],
      ['Revoked', 'logged in', 'Valid', 'a person logs in'],
    ],
  },
}

const { states, transitions } = lifeStates(Lifecycle.step(view), forLifeStates)

/** @param {string} name */
const picture = (name) => {
  const { starts, edges } = PICTURES[name] ?? { starts: '', edges: [] }
  const lines = edges.map(([from, cause, to, says]) => {
    if (!transitions.some((one) => one.from === from && one.to === to && one.cause === cause))
      throw new Error(`step leads nowhere from ${from} to ${to} by ${cause}`)
    return `  ${from} --> ${to}: ${says}`
  })
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${starts}`, ...lines, '```'].join('\n')
}

const table = () => {
  /** @type {Map<string, readonly [state: string, event: string, next: Set<string>]>} */
  const found = new Map()
  for (const { from, to, cause } of transitions) {
    // What any strategy may do, a self-sufficient one may too.
    if (cause.startsWith('requested by') && transitions.some((one) => one.from === from && one.cause === 'requested'))
      continue
    const row = found.get(`${from} ${cause}`) ?? [from, cause, new Set()]
    row[2].add(to)
    found.set(`${from} ${cause}`, row)
  }
  const rows = [...found.values()].map(([from, cause, tos]) => [from, cause, [...tos].sort().join(', ')])
  const head = ['state', 'event', 'next state']
  const widths = head.map((name, column) =>
    Math.max(...[name, ...rows.map((row) => row[column] ?? '')].map(({ length }) => length)),
  )
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line).sort(),
    '',
    `Found by exploring ${states} states of one session, with an attempt and a late answer under way (\`npm run check diagram\`).`,
  ].join('\n')
}

const page = 'docs/lifecycle.md'
const fresh = readFileSync(join(root, page), 'utf8').replaceAll(
  /(<!-- generated: (\w+) -->\n).*?(\n<!-- end -->)/gs,
  (_, begin, name, end) => `${begin}${name === 'table' ? table() : picture(name)}${end}`,
)
compareOrUpdate(page, fresh, 'diagram')
