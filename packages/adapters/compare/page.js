// The parts of docs/adapters.md that are not written by hand: the table of what was measured, and the examples of the docstrings.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const page = new URL('../../../docs/adapters.md', import.meta.url)
const sources = new URL('../src/', import.meta.url)
const PART = /(<!-- generated: (.+) -->\n\n)([\s\S]*?)(\n\n<!-- end -->)/g
const TABLE = 'side by side'
/** What observes is on a page of its own. */
const OBSERVING = ['index.ts', 'opentelemetry.ts', 'logging.ts']

const files = readdirSync(sources).filter((file) => file.endsWith('.ts') && !OBSERVING.includes(file))
const code = files.map((file) => readFileSync(new URL(file, sources), 'utf8')).join('\n')

/** The example of a function, without what only a test needs. */
const exampleOf = (name) => {
  const [docstring] = code.split(new RegExp(`^export const ${name}\\b`, 'm'))
  const lines = docstring.slice(docstring.lastIndexOf(' * @example\n')).split('\n').slice(1)
  const example = lines
    .slice(0, lines.indexOf(' */'))
    .map((line) => line.replace(/^ \* ?/, ''))
    .filter((line) => !line.startsWith('assert.'))
  return ['```typescript', ...example, '```'].join('\n')
}

/** The page, with a table of the one that it has. */
export const written = (tableOf) => {
  const text = readFileSync(page, 'utf8')
  const fresh = text.replace(
    PART,
    (_, begin, name, old, end) => `${begin}${name === TABLE ? tableOf(old) : exampleOf(name)}${end}`,
  )
  return { text, fresh, write: () => writeFileSync(page, fresh) }
}

/** The paths of the package that the page says nothing of. */
export const missing = (text) =>
  files.map((file) => `@tessera/adapters/${file.replace('.ts', '')}'`).filter((path) => !text.includes(path))
