/**
 * `npm run model-check`: explores `Lifecycle.step` in every interleaving. Exits with 0 only where nothing is broken, or where each
 * mutant is noticed.
 */
import { parseArgs } from 'node:util'
import { happeningsOf, nameOf, type Row, tableOf, traceOf } from './format.js'
import { type Config, type Happening, happenings } from './model.js'
import { configOf, type Mutant, mutants } from './mutants.js'
import { runAll } from './pool.js'
import { properties } from './properties.js'
import { GRACE, HOLD, LOSSES, MARGIN, type Mode, modes, PAUSE } from './State.js'
import { suite } from './suite.js'
import type { Job } from './worker.js'

const USAGE = `npm run model-check -- [options]

  --processes N    how many processes; without, 2 with all events and 3 with some
  --server NAME    only this server; may be given again
  --events A,B     only these events, beside those that always happen
  --without A,B    all events but these
  --lossy          the store may lose its last write once
  --overlap        a process begins something new while a message of its own is still on its way
  --limit N        the most states of one exploration; default 5000000
  --mutant NAME    a mutant instead of the real code; may be given again, or "all"
  --list           the names of servers, events, properties and mutants
  --json           one JSON object an exploration on standard output
`

/** What was typed is wrong. */
interface Usage extends Error {
  readonly name: 'Usage'
}

const usage = (message: string): Usage => Object.assign(new Error(message), { name: 'Usage' as const })

const oneOf = <A extends string>(what: string, all: ReadonlyArray<A>, given: string): A => {
  const found = all.find((name) => name === given)
  if (found === undefined) throw usage(`there is no ${what} "${given}"; --list shows them`)
  return found
}

const options = () => {
  const { values } = parseArgs({
    options: {
      processes: { type: 'string' },
      server: { type: 'string', multiple: true },
      events: { type: 'string' },
      without: { type: 'string' },
      overlap: { type: 'boolean', default: false },
      lossy: { type: 'boolean', default: false },
      limit: { type: 'string', default: '5000000' },
      mutant: { type: 'string', multiple: true },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const processes = values.processes === undefined ? undefined : Number(values.processes)
  if (processes !== undefined && ![1, 2, 3].includes(processes)) throw usage('--processes is 1, 2 or 3')
  const limit = Number(values.limit)
  if (!(Number.isSafeInteger(limit) && limit > 0)) throw usage('--limit is a whole number above 0')
  const list = (text: string): ReadonlyArray<Happening> =>
    text.split(',').map((name) => oneOf('event', happenings, name.trim()))
  return {
    ...values,
    processes,
    limit,
    servers: values.server?.map((name): Mode => oneOf('server', modes, name)),
    events: values.events === undefined ? undefined : list(values.events),
    without: values.without === undefined ? undefined : list(values.without),
    mutants: values.mutant?.flatMap((name): ReadonlyArray<Mutant> => {
      if (name === 'all') return mutants
      const names = mutants.map((mutant) => mutant.name)
      return mutants.filter((mutant) => mutant.name === oneOf('mutant', names, name))
    }),
  }
}
type Options = ReturnType<typeof options>

const configsOf = (given: Options): ReadonlyArray<Config> => {
  const { processes, servers, events, without, overlap, lossy } = given
  const isDefault = processes === undefined && events === undefined && without === undefined && !overlap && !lossy
  const all = isDefault
    ? suite
    : modes.map(
        (mode): Config => ({
          processes: processes ?? 2,
          mode,
          happenings: events ?? happenings.filter((name) => without?.includes(name) !== true),
          slips: [],
          overlap,
          lossy,
        }),
      )
  return all.filter(({ mode }) => servers === undefined || servers.includes(mode))
}

const WORKER = new URL('./worker.js', import.meta.url)

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}
const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const BOUNDS = `A hold is ${HOLD} ticks; a request leaves within ${MARGIN} of its read and arrives within ${HOLD}; a cool-down is ${PAUSE}, a grace for a time ${GRACE}.
Unbounded: epochs, generations, faults, acts, time. Nobody logs in or revokes while more than two grants are owed to the server. A store that may lose writes loses ${LOSSES} at most, once. Merged: symmetric processes; names; what can have no effect any more.`

const list = (): void => {
  for (const [title, names] of [
    ['servers', modes],
    ['events', happenings],
    ['properties', properties],
    ['mutants', mutants.map(({ name }) => name)],
  ] as const)
    print([`${title}:`, ...names.map((name) => `  ${name}`), ''].join('\n'))
}

const runMutants = async (chosen: ReadonlyArray<Mutant>, { limit, json }: Options): Promise<boolean> => {
  const jobs = chosen.map((mutant): Job => ({ config: configOf(mutant), patches: mutant.patches, limit }))
  const rows = new Map<Mutant, Row>()
  await runAll<Job, Row>(WORKER, jobs, (row, index) => {
    const mutant = chosen[index]
    if (mutant !== undefined) rows.set(mutant, row)
  })
  let isOk = true
  for (const mutant of chosen) {
    const found = rows.get(mutant)?.result.counterexample
    const isNoticed = found?.property === mutant.killedBy
    isOk &&= isNoticed
    const length =
      found === undefined ? '' : `${found.trace.length}${found.cycle.length > 0 ? ` + ${found.cycle.length}` : ''}`
    if (json)
      print(JSON.stringify({ mutant: mutant.name, server: mutant.mode, isNoticed, ...rows.get(mutant)?.result }))
    else if (chosen.length === 1) print(found === undefined ? `${mutant.name}: not noticed` : traceOf(found))
    else
      print(
        `${isNoticed ? 'noticed    ' : 'NOT NOTICED'} ${length.padStart(7)}  ${mutant.name} (${found?.property ?? '–'})`,
      )
  }
  return isOk
}

const runChecks = async (configs: ReadonlyArray<Config>, { limit, json }: Options): Promise<boolean> => {
  const rows: Array<Row> = []
  const startedAt = performance.now()
  if (!json) print(`${BOUNDS}\n`)
  // The largest first: the threads end together.
  const jobs = configs.map((config): Job => ({ config, patches: [], limit })).reverse()
  await runAll<Job, Row>(WORKER, jobs, (row, index) => {
    rows[jobs.length - 1 - index] = row
    const { config, result, seconds } = row
    if (json) print(JSON.stringify({ ...config, ...result, seconds }))
    else say(`${nameOf(config)}: ${result.states} states in ${seconds.toFixed(1)} s`)
  })
  const broken = rows.flatMap(({ config, result: { counterexample } }) =>
    counterexample === undefined
      ? []
      : [`${nameOf(config)}, events: ${happeningsOf(config)}\n${traceOf(counterexample)}`],
  )
  if (!json) {
    print(`\n${tableOf(rows)}\n`)
    for (const text of broken) print(`${text}\n`)
    const sum = (of: (row: Row) => number): string =>
      rows.reduce((total, row) => total + of(row), 0).toLocaleString('en')
    print(
      `${sum(({ result }) => result.states)} states, ${sum(({ result }) => result.transitions)} transitions, ${broken.length} violations; ${Math.ceil((performance.now() - startedAt) / 1_000)} s, ${Math.ceil(process.cpuUsage().user / 1_000_000)} s of the processors`,
    )
  }
  return broken.length === 0 && rows.every(({ result }) => !result.isCut)
}

const main = async (): Promise<number> => {
  const given = options()
  if (given.help) {
    print(USAGE)
    return 0
  }
  if (given.list) {
    list()
    return 0
  }
  const isOk =
    given.mutants === undefined ? await runChecks(configsOf(given), given) : await runMutants(given.mutants, given)
  return isOk ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  // parseArgs says what is wrong with a code.
  if (!(error instanceof Error) || !(error.name === 'Usage' || 'code' in error)) throw error
  process.stderr.write(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
