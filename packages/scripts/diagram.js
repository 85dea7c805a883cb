// The states of a session and the transitions between them, as the exploration of `step` finds them, written into docs/lifecycle.md; with
// --check only compared.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Lifecycle } from '@tessera/core'
import { forLifeStates, lifeStates, view } from '@tessera/model-check'

const diagram = () => {
  const { states, transitions } = lifeStates(Lifecycle.step(view), forLifeStates)
  /** @type {Map<string, Set<string>>} */
  const edges = new Map()
  for (const { from, to, cause } of transitions) {
    const name = `${from} --> ${to}`
    edges.set(name, (edges.get(name) ?? new Set()).add(cause))
  }
  const lines = [...edges]
    .map(([name, causes]) => {
      // What any strategy may do, a self-sufficient one may too.
      const shown = [...causes].filter((cause) => !(cause.startsWith('requested by') && causes.has('requested')))
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
    `Found by exploring ${states} states of one session, with an attempt and a late answer under way (\`npm run diagram\`).`,
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
