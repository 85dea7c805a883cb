/**
 * `npm run proof explore`: runs the token source of core in every schedule. Exits with 0 only where nothing is broken, or where each mutant is
 * noticed.
 */
import { parseArgs } from 'node:util'
import { Lifecycle } from '@tessera/core'
import { showSchedules } from '@tessera/testing'
import { livelocks } from '../step/livelocks.js'
import { view } from '../step/State.js'
import { forLivelocks } from '../step/suite.js'
import { runAll } from './pool.js'
import { scenarioOf, scenarios } from './scenarios.js'
import { scheduled } from './scheduled.js'
import type { Found, Search } from './search.js'

const USAGE = `npm run proof explore -- [options]

  --stalls N       how often time may go by while something is on its way; default 1
  --climb          with one stall more each time, as long as all schedules fit in the limit
  --limit N        the most schedules of one scenario; default 1000000
  --scenario TEXT  only those with this in their name
  --mutants        mutants of core instead of core, each in the scenario that notices it
  --mutant TEXT    only those with this in their name; the story of a single one
  --step           \`step\` alone, in all states of a session: whether somebody may ask for ever
  --list           the names of scenarios and mutants
  --json           one JSON object a scenario, or a mutant, on standard output
`

interface Row {
  readonly found: Found
  readonly seconds: number
}

const options = () => {
  const { values } = parseArgs({
    options: {
      stalls: { type: 'string', default: '1' },
      climb: { type: 'boolean', default: false },
      limit: { type: 'string', default: '1000000' },
      scenario: { type: 'string', default: '' },
      mutants: { type: 'boolean', default: false },
      mutant: { type: 'string' },
      step: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return { ...values, stalls: wholeOf('--stalls', values.stalls, 0), limit: wholeOf('--limit', values.limit, 1) }
}

/** What was typed is wrong. */
interface Usage extends Error {
  readonly name: 'Usage'
}

const usage = (message: string): Usage => Object.assign(new Error(message), { name: 'Usage' as const })

const wholeOf = (name: string, text: string, least: number): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw usage(`${name} is a whole number from ${least} on`)
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Those with a text in their name. */
const chosenBy = <A extends { readonly name: string }>(
  option: string,
  text: string,
  all: ReadonlyArray<A>,
): ReadonlyArray<A> => {
  const chosen = all.filter(({ name }) => name.includes(text))
  if (chosen.length === 0) throw usage(`${option} ${text}: there is none with this in its name; --list shows the names`)
  return chosen
}

const run = (jobs: ReadonlyArray<Search>, done: (row: Row, index: number) => void): Promise<void> =>
  runAll(new URL('./worker.js', import.meta.url), jobs, done)

const runScenarios = async (given: ReturnType<typeof options>): Promise<boolean> => {
  const jobs = chosenBy('--scenario', given.scenario, scenarios).map((scenario): Search => {
    const { stalls, climb: climbs, limit } = given
    return { scenario, stalls, climbs, limit }
  })
  let [completed, violated] = [0, 0]
  await run(jobs, ({ found, seconds }, index) => {
    const scenario = jobs[index]?.scenario
    if (scenario === undefined) return
    if (found.isComplete) completed++
    if (found.violations.length > 0) violated++
    const { stalls, schedules, isComplete: complete, violations } = found
    const line = { scenario: scenario.name, stalls, schedules, complete }
    print(
      given.json
        ? JSON.stringify({ ...line, violations: violations.length, seconds })
        : `${scenario.name}, ${stalls} ${stalls === 1 ? 'stall' : 'stalls'}: ${showSchedules(found)}, in ${seconds.toFixed(1)} s`,
    )
  })
  if (!given.json && jobs.length > 1)
    print(`\n${jobs.length} scenarios: ${completed} complete, ${violated} with a violation`)
  return violated === 0
}

const runMutants = async (given: ReturnType<typeof options>): Promise<boolean> => {
  const chosen = chosenBy('--mutant', given.mutant ?? '', scheduled)
  let noticed = 0
  const jobs = chosen.map(
    (mutant): Search => ({
      scenario: scenarioOf(mutant),
      stalls: mutant.stalls ?? 0,
      climbs: false,
      limit: given.limit,
      mutant: mutant.name,
    }),
  )
  await run(jobs, ({ found, seconds }, index) => {
    const mutant = chosen[index]
    if (mutant === undefined) return
    const { schedules, violations, story } = found
    const isNoticed = violations.some(({ property }) => property === mutant.property)
    if (isNoticed) noticed++
    const line = { mutant: mutant.name, scenario: mutant.scenario, isNoticed, schedules, moves: story.length, seconds }
    if (given.json) print(JSON.stringify(line))
    else if (chosen.length === 1) print(showSchedules(found))
    else
      print(`${isNoticed ? 'noticed    ' : 'NOT NOTICED'} ${mutant.name} (${mutant.scenario}): ${schedules} schedules`)
  })
  if (!given.json && chosen.length > 1) print(`\n${noticed} of ${chosen.length} mutants noticed`)
  return noticed === chosen.length
}

const runStep = ({ json }: ReturnType<typeof options>): boolean =>
  forLivelocks
    .map((config): boolean => {
      const startedAt = performance.now()
      const { states, found } = livelocks(Lifecycle.step(view), config)
      const seconds = (performance.now() - startedAt) / 1_000
      const name = `${config.processes} processes, ${config.mode}`
      if (json) print(JSON.stringify({ name, states, livelock: found, seconds }))
      else {
        print(`${name}: ${states.toLocaleString('en')} states, in ${seconds.toFixed(1)} s`)
        if (found !== undefined) print([...found.way, 'and again and again:', ...found.cycle].join('\n'))
      }
      return found === undefined
    })
    .every((isOk) => isOk)

const main = async (): Promise<number> => {
  const given = options()
  if (given.help) print(USAGE)
  else if (given.step) return runStep(given) ? 0 : 1
  else if (given.list) print([...scenarios, ...scheduled].map(({ name }) => name).join('\n'))
  else {
    const isOk = given.mutants || given.mutant !== undefined ? await runMutants(given) : await runScenarios(given)
    return isOk ? 0 : 1
  }
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  // parseArgs says what is wrong with a code.
  if (!(error instanceof Error) || !(error.name === 'Usage' || 'code' in error)) throw error
  process.stderr.write(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
