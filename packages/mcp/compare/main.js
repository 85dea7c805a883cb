// Eight processes with the SDK's own provider, and eight of ours, at an MCP server whose authorization server rotates refresh tokens: how
// many sessions are lost, how often tokens are asked for, and how often a person has to log in. `npm run proof mcp`; --json, --verbose to see
// what failed, --rounds N, --short for the first half alone.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bundled } from '../conformance/bundled.js'
import { start } from './server.js'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
  },
})
const PROCESSES = 8
const ROUNDS = Number(values.rounds)
/** What passes until an access token has ended, in ms: the server ends it, and our processes' clocks are set ahead. */
const HOUR = 3_600_000

const programs = await bundled(['ours.js', 'theirs.js'].map((name) => new URL(name, import.meta.url)))

const worker = async (script, url, folder) => {
  const child = spawn(process.execPath, [programs.of(script), url, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => (await lines.next()).value ?? 'failed: it ended'
  await answer()
  return {
    call: (passed) => {
      child.stdin.write(`${passed}\n`)
      return answer()
    },
    end: async () => {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/** A server, a folder for what processes share, and processes that call at the same time; how all calls went. */
const withServer = async (script, use) => {
  const [server, folder] = [await start(), mkdtempSync(join(tmpdir(), 'mcp-'))]
  const answers = []
  const started = async (count) => {
    const all = await Promise.all(Array.from({ length: count }, () => worker(script, server.url, folder)))
    return {
      call: async (passed = 0) => void answers.push(...(await Promise.all(all.map(({ call }) => call(passed))))),
      end: () => Promise.all(all.map(({ end }) => end())),
    }
  }
  try {
    await use(started, server)
    const failed = answers.filter((answer) => answer !== 'ok')
    if (values.verbose) for (const answer of failed) console.error(`${script}: ${answer}`)
    return { ...server.counts, failed: failed.length }
  } finally {
    await server.close()
    rmSync(folder, { recursive: true })
  }
}

/** Somebody logs in; then eight processes call, and call again each time that the access token has ended. */
const expiring = (script) =>
  withServer(script, async (started, { expire }) => {
    const first = await started(1)
    await first.call()
    const others = await started(PROCESSES - 1)
    const all = {
      call: (passed) => Promise.all([first.call(passed), others.call(passed)]),
      end: () => Promise.all([first.end(), others.end()]),
    }
    await all.call()
    for (let round = 0; round < ROUNDS; round++) {
      expire()
      await all.call(HOUR)
    }
    await all.end()
  })

/** Eight processes call for the first time, and nobody has logged in. */
const starting = (script) =>
  withServer(script, async (started) => {
    const all = await started(PROCESSES)
    await all.call()
    await all.end()
  })

const both = async (use) => ({ theirs: await use('theirs.js'), ours: await use('ours.js') })
const [expired, begun] = [await both(expiring), values.short ? undefined : await both(starting)]
programs.remove()

const row = (name, { logins, refreshes, killed, failed }) =>
  `| ${[name, killed, refreshes, logins, failed].join(' | ')} |`
const table = (title, { theirs, ours }) =>
  [title, '', '| | sessions lost | token requests | log-ins | failed calls |', '| - | - | - | - | - |']
    .concat(row("the SDK's own provider", theirs), row('@tessera/mcp', ours), '')
    .join('\n')

if (values.json) console.log(JSON.stringify({ expired, begun }))
else {
  console.log(table(`${PROCESSES} processes, one session, ${ROUNDS} access tokens that end:`, expired))
  if (begun !== undefined)
    console.log(table(`${PROCESSES} processes that call for the first time, where nobody is logged in:`, begun))
}
