// Hosts with their own mechanism and with the adapter, on the same work: how often a token was asked for, how many uses failed, how many
// lines it takes. Shows the table; --report writes it into docs/adapters.md, --check says whether the table there is of these hosts and
// this code without measuring, --verbose says what failed. It takes the built packages: `npm run build`.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { AT_EXPIRY, AT_REFUSAL, measuredIn, PROCESSES, rows, table } from './table.js'

const { values } = parseArgs({
  options: {
    report: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})

/** So many instances of a mechanism, each with what a process has when it starts, at one server. */
const measured = async ({ title, name, rotation, open }, processes) => {
  const { startWorld } = await import('./world.js')
  const world = await startWorld({ rotation })
  const uses = Array.from({ length: processes }, () => open(world))
  const failures = async (count) => {
    const results = await Promise.allSettled(Array.from({ length: count }, (_, at) => uses[at % processes]()))
    const failed = results.filter(({ status }) => status === 'rejected')
    if (values.verbose) for (const why of new Set(failed.map(({ reason }) => String(reason)))) console.error(title, name, why)
    return failed.length
  }
  const atExpiry = await failures(AT_EXPIRY)
  world.end()
  const atRefusal = await failures(AT_REFUSAL)
  const requests = world.server.counts().byEndpoint.token ?? 0
  await world.close()
  return [requests, `${atExpiry} + ${atRefusal}`]
}

const measure = async () => {
  const [theirs, ours] = await Promise.all([import('./theirs.js'), import('./ours.js')])
  const all = []
  for (const row of rows()) {
    const open = (row.file === 'ours.js' ? ours : theirs)[row.name]
    all.push([...(await measured({ ...row, open }, 1)), ...(await measured({ ...row, open }, PROCESSES))])
  }
  return table(all)
}

const page = new URL('../../../docs/adapters.md', import.meta.url)
const [BEGIN, END] = ['<!-- generated: side by side -->\n\n', '\n\n<!-- end -->']
const text = readFileSync(page, 'utf8')
const [before, rest = ''] = text.split(BEGIN)
const [written, after] = rest.split(END)
if (after === undefined) throw new Error('docs/adapters.md has no place for the table')

if (values.check) {
  if (table(measuredIn(written)) !== written) {
    console.error('docs/adapters.md is of other hosts or other code: node packages/adapters/compare/main.js --report')
    process.exitCode = 1
  }
} else if (values.report) writeFileSync(page, `${before}${BEGIN}${await measure()}${END}${after}`)
else console.log(await measure())
