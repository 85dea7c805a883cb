// Hosts with their own mechanism and with the adapter, on the same work: how often a token was asked for, how many uses failed, how many
// lines it takes. Shows the table; --report writes it into docs/adapters.md, with what else of the page is generated. --page writes that page
// with the numbers that it has, --check says whether it would change; neither measures. --verbose says what failed. It takes the built
// packages: `npm run build`.
import { parseArgs } from 'node:util'
import { missing, written } from './page.js'
import { AT_EXPIRY, AT_REFUSAL, measuredIn, PROCESSES, rows, table } from './table.js'

const flag = /** @type {const} */ ({ type: 'boolean', default: false })
const { values } = parseArgs({ options: { report: flag, page: flag, check: flag, verbose: flag } })

/** So many instances of a mechanism, each with what a process has when it starts, at one server. */
const measured = async ({ title, rotation, open }, processes) => {
  const { startWorld } = await import('./world.js')
  const world = await startWorld({ rotation })
  const uses = Array.from({ length: processes }, () => open(world))
  const failures = async (count) => {
    const results = await Promise.allSettled(Array.from({ length: count }, (_, at) => uses[at % processes]()))
    const reasons = results.filter(({ status }) => status === 'rejected').map(({ reason }) => String(reason))
    if (values.verbose) for (const why of new Set(reasons)) console.error(`${title}, ${processes} processes: ${why}`)
    return reasons.length
  }
  const atExpiry = await failures(AT_EXPIRY)
  world.end()
  const atRefusal = await failures(AT_REFUSAL)
  const requests = world.server.counts().byEndpoint.token ?? 0
  await world.close()
  return [requests, `${atExpiry} + ${atRefusal}`]
}

const measure = async () => {
  const files = { theirs: await import('./theirs.js'), ours: await import('./ours.js') }
  const all = []
  for (const { title, file, name, rotation } of rows()) {
    const row = { title, rotation, open: files[file][name] }
    all.push([...(await measured(row, 1)), ...(await measured(row, PROCESSES))])
  }
  return table(all)
}

const asMeasured = (old) => table(measuredIn(old))

if (values.check) {
  const { text, fresh } = written(asMeasured)
  for (const path of missing(text)) console.error(`docs/adapters.md says nothing of ${path}`)
  if (fresh !== text) console.error('docs/adapters.md is of other code: node packages/adapters/compare/main.js --page')
  if (fresh !== text || missing(text).length > 0) process.exitCode = 1
} else if (values.page) written(asMeasured).write()
else {
  const now = await measure()
  if (values.report) written(() => now).write()
  else console.log(now)
}
