// Each host with its own mechanism and with the adapter, on the same work: 100 uses begun at once when the token has ended, and 20 when the
// server has ended the next one before its time. How often a token was asked for, how many uses failed, how many lines it takes. It writes
// docs/adapters.md. `npm run adapters`; --print shows it instead, --verbose says what failed.
import { writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { instant, memoryStore, Secret, TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, openSource, run } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as ours from './ours.js'
import * as theirs from './theirs.js'
import { startWorld } from './world.js'

const { values } = parseArgs({
  options: { print: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
})
const [AT_EXPIRY, AT_REFUSAL] = [100, 20]
/** A token that has just come is not renewed at a refusal, in ms. */
const A_WHILE = 1_100

const HOSTS = [
  ['axios', 'an interceptor', theirs.axios, ours.axios],
  ['got', 'hooks, as its documentation has them', theirs.got, ours.got],
  ['ky', 'hooks, as its documentation has them', theirs.ky, ours.ky],
  ['googleapis', '`OAuth2Client`', theirs.google, ours.google],
  ['Azure', '`ClientSecretCredential`', theirs.azure, ours.azure],
  ['AWS', '`fromWebToken`', theirs.aws, ours.aws],
  ['Octokit', '`createOAuthUserAuth`', theirs.octokit, ours.octokit],
  ['openid-client', 'a grant at each 401', theirs.openidClient, ours.openidClient],
]

/** Opens sources that are closed at the end. */
const opener = (env) => {
  const sources = []
  return {
    open: (strategy, session) => {
      const initial =
        session &&
        TokenSet.make(Secret.make('AccessToken', session.access_token), {
          refreshToken: O.some(Secret.make('RefreshToken', session.refresh_token)),
          expiresAt: O.some(instant(1)),
        })
      const config = { store: memoryStore(), ...(initial && { initial }) }
      const source = openSource(pipe(strategy, TokenSource.make(config)), env)
      sources.push(source)
      return source
    },
    close: () => Promise.all(sources.map((source) => run(source.close({ revoke: false })))),
  }
}

const measure = async (name, make) => {
  const [world, env] = [await startWorld(), nodeEnv()]
  const { open, close } = opener(env)
  const use = make({ ...world, open })
  const failures = async (count) => {
    const results = await Promise.allSettled(Array.from({ length: count }, () => use()))
    const failed = results.filter(({ status }) => status === 'rejected')
    if (values.verbose) for (const why of new Set(failed.map(({ reason }) => String(reason)))) console.error(name, why)
    return failed.length
  }
  const expiry = await failures(AT_EXPIRY)
  await setTimeout(A_WHILE)
  world.server.expireAccessTokens()
  const refusal = await failures(AT_REFUSAL)
  const requests = world.server.counts().byEndpoint.token ?? 0
  await close()
  await env.close()
  await world.close()
  return [requests, expiry, refusal, make.toString().split('\n').length]
}

const rows = []
for (const [host, own, theirOpen, ourOpen] of HOSTS) {
  rows.push([`${host}: ${own}`, ...(await measure(`${host} alone`, theirOpen))])
  rows.push([`${host}: the adapter`, ...(await measure(`${host} with the adapter`, ourOpen))])
}

const HEAD = ['', 'token requests', `of ${AT_EXPIRY} uses failed`, `of ${AT_REFUSAL} uses failed`, 'lines']
const widths = HEAD.map((title, at) => Math.max(...[HEAD, ...rows].map((row) => String(row[at]).length), title.length))
const line = (cells) => `| ${cells.map((cell, at) => String(cell).padEnd(widths[at])).join(' | ')} |`
const page = `# Hosts with their own mechanism and with the adapter

The session's refresh token is good for once, as servers have it by now. Its access token has ended: ${AT_EXPIRY} uses begin at once. A while
later the server ends the next access token before its time: ${AT_REFUSAL} uses begin at once. Two token requests are what it takes.
\`npm run adapters\` measures it, in one process, with the real hosts and a real server, and writes this page; the code is in
[compare](../packages/adapters/compare), and the last column is how long each is there.

${line(HEAD)}
${line(widths.map((width) => '-'.repeat(width)))}
${rows.map(line).join('\n')}

- The requests of AWS's rows are those for the subject's token; \`fromWebToken\` takes a token that never changes. No client of AWS's tells
  of credentials that are refused.
- Azure's own credential keeps its token well, and has no refresh token to lose: it is alone in its process. The session of the adapter is
  shared by all that share its store, whatever their host.
- Interceptors and hooks can be written so that callers wait for one renewal. Then there is one for each process, and each host.
`
if (values.print) console.log(page)
else writeFileSync(new URL('../../../docs/adapters.md', import.meta.url), page)
