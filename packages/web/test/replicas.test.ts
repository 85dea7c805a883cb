/** People in Chromium, two replicas behind a balancer, one of them killed while it renews: `packages/web/replicas`, with few of all. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { testWith } from '../../tools/jest/needs.js'

const MAIN = join(__dirname, '..', 'replicas', 'main.mjs')
const NONE = { cookies: 0, pages: 0, headers: 0, urls: 0, logs: 0, spans: 0, metrics: 0, database: 0 }

testWith('chromium')('a replica is killed, tokens end, and nobody logs in again; no secret is anywhere', async () => {
  const few = ['--people', '3', '--kills', '1', '--renewals', '1', '--lifetime', '0', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...few], { maxBuffer: 1e8 })
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({ people: 3, kills: 1, loginsAgain: 0, wrong: [], reuseRefused: 0 })
  expect(result.renewals).toBeGreaterThanOrEqual(3)
  // The server's answer was lost with the replica.
  expect(result.repeated).toBeGreaterThanOrEqual(1)
  expect(result.secrets).toBeGreaterThan(10)
  expect(result.spans).toBeGreaterThan(3)
  expect(result.found).toEqual(NONE)
  for (const place of Object.keys(NONE)) expect([place, result.planted[place]]).not.toEqual([place, 0])
})
