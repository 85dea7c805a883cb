// The states of a session and the transitions between them, found by exploring `Lifecycle.step` breadth first from the empty
// cell, and written into docs/lifecycle.md; with --check only compared.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { instant, Lifecycle, millis } from '@tessera/core'

/**
 * @typedef {{ readonly access: number, readonly end: number }} Token
 * @typedef {Lifecycle.Cell<Token>} Cell
 * @typedef {Lifecycle.Event<Token, number>} Event
 */

/** @template A @param {A} value */
const some = (value) => ({ _tag: /** @type {const} */ ('Some'), value })
/** A model's time is small numbers. @param {number} count */
const time = (count) => instant(count)

const LIFETIME = 3
const HOLD = 1
const LAST = 6
const view = {
  /** @param {Token} token */
  expiresAt: (token) => some(time(token.end)),
  /** @param {Token} token */
  access: (token) => token.access,
  /** @param {Token} token */
  refresh: (token) => some(token.access),
  /** @param {number} a @param {number} b */
  equals: (a, b) => a === b,
}
const step = Lifecycle.step(view)

/** @param {Cell} cell @param {number} now */
const stateOf = (cell, now) => {
  if (cell.verdict._tag === 'Revoked') return cell.token._tag === 'Some' ? 'Revoking' : 'Revoked'
  if (cell.verdict._tag === 'LogInAgain') return 'LogInAgain'
  if (cell.verdict._tag === 'CoolingDown' && now < cell.verdict.until) return 'CoolingDown'
  if (cell.intent._tag === 'Some') {
    if (now >= cell.intent.value.until) return 'Orphaned'
    return cell.intent.value.recovery ? 'Recovering' : 'Renewing'
  }
  if (cell.token._tag === 'None') return 'Empty'
  return Lifecycle.isUsable(view, time(now))(cell) ? 'Valid' : cell.refused ? 'Refused' : 'Expired'
}
/** What may happen to a cell at a time: everything that the runtime may tell it. @param {Cell} cell @param {number} now */
const events = (cell, now) => {
  const parent = { epoch: cell.epoch, generation: cell.generation }
  const token = { access: cell.generation + 1, end: now + LIFETIME }
  const owner =
    cell.intent._tag === 'Some' && cell.intent.value.nonce._tag === 'Some' ? cell.intent.value.nonce.value : ''
  /** @param {Lifecycle.Failure<number>} failure */
  const failed = (failure) => ({ _tag: /** @type {const} */ ('Failed'), parent, nonce: owner, now: time(now), failure })
  const current = cell.token._tag === 'Some' ? cell.token.value.access : -1
  /** @type {ReadonlyArray<readonly [string, Event]>} */
  const all = [
    [
      'requested',
      { _tag: 'Requested', nonce: 'n', now: time(now), early: millis(0), hold: millis(HOLD), selfSufficient: false },
    ],
    [
      'requested by a self-sufficient strategy',
      { _tag: 'Requested', nonce: 'n', now: time(now), early: millis(0), hold: millis(HOLD), selfSufficient: true },
    ],
    ['redeemed', { _tag: 'Redeemed', parent, token, now: time(now), backOff: millis(1) }],
    ['not sent', failed({ _tag: 'NotSent', backOff: millis(0) })],
    ['throttled', failed({ _tag: 'Throttled', retryAfter: millis(1) })],
    ['invalid_grant', failed({ _tag: 'InvalidGrant', refresh: current })],
    ['refused', { _tag: 'Refused', access: current }],
    ['logged in', { _tag: 'LoggedIn', from: cell.epoch, nonce: `login ${cell.epoch}`, token }],
    ['revoke', { _tag: 'RevokeAsked', from: cell.epoch, nonce: `revoke ${cell.epoch}` }],
    ['revocation confirmed', { _tag: 'RevocationConfirmed', epoch: cell.epoch }],
  ]
  // A redemption, and a failure of one, come only from somebody who took a lease of this lineage.
  const isLeased = cell.intent._tag === 'Some'
  return all.filter(([, { _tag }]) => isLeased || (_tag !== 'Redeemed' && _tag !== 'Failed'))
}

const explore = () => {
  /** @type {Map<string, Set<string>>} */
  const edges = new Map()
  /** @param {string} from @param {string} to @param {string} label */
  const edge = (from, to, label) => {
    const name = `${from} --> ${to}`
    edges.set(name, (edges.get(name) ?? new Set()).add(label))
  }
  /** @type {Array<readonly [Cell, number]>} */
  const queue = [[Lifecycle.empty, 0]]
  const seen = new Set([JSON.stringify(queue[0])])
  /** @param {Cell} cell @param {number} now */
  const visit = (cell, now) => {
    const name = JSON.stringify([cell, now])
    if (now > LAST || cell.epoch > 2 || cell.generation > 3 || seen.has(name)) return
    seen.add(name)
    queue.push([cell, now])
  }
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const [cell, now] = at
    const from = stateOf(cell, now)
    if (stateOf(cell, now + 1) !== from) edge(from, stateOf(cell, now + 1), 'time')
    visit(cell, now + 1)
    for (const [label, event] of events(cell, now)) {
      const [, next] = step(event)(cell)
      if (next === cell) continue
      edge(from, stateOf(next, now), label)
      visit(next, now)
    }
  }
  return { states: seen.size, edges }
}

const diagram = () => {
  const { states, edges } = explore()
  const lines = [...edges]
    .map(([name, labels]) => {
      // What any strategy may do, a self-sufficient one may too.
      const shown = [...labels].filter((label) => !(label.startsWith('requested by') && labels.has('requested')))
      return `  ${name}: ${shown.sort().join(', ')}`
    })
    .sort()
  return [
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> Empty',
    ...lines,
    '```',
    '',
    `Found by exploring ${states} states of one session: times up to ${LAST}, 2 epochs, 3 generations (\`npm run diagram\`).`,
  ].join('\n')
}

const file = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'docs', 'lifecycle.md')
const text = readFileSync(file, 'utf8')
const BEGIN = '<!-- generated: states -->\n'
const END = '\n<!-- end -->'
const [before, rest] = text.split(BEGIN)
const after = rest?.slice(rest.indexOf(END))
if (before === undefined || after === undefined) throw new Error('docs/lifecycle.md has no place for the diagram')
const fresh = `${before}${BEGIN}${diagram()}${after}`
if (!process.argv.includes('--check')) writeFileSync(file, fresh)
else if (fresh !== text) {
  console.error('docs/lifecycle.md differs from what step does: npm run diagram')
  process.exitCode = 1
}
