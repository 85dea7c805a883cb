// The replicas: each is a process on a port of its own, which is killed in the middle of what it does and comes again.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '@tessera/trials'

/**
 * At what a replica is killed: when it has sent a refresh token, or when it has got what it is to write.
 * @typedef {'sent' | 'got'} Moment
 *
 * @typedef {{ readonly kind: Moment, readonly secret: string, readonly isRenewal: boolean }
 *   | { readonly kind: 'event', readonly event: string } | { readonly kind: 'span', readonly text: string }
 *   | { readonly kind: 'ready' }} Message
 */

const WHAT_IT_TELLS = /^(?:access_token|refresh_token|id_token|code_verifier)$/
const ENDS_A_RENEWAL = /^(?:Renewed|RenewalFailed|Discarded)$/

/** @param {string} text a form, or JSON */
const secretsIn = (text) => {
  const members = text.startsWith('{') ? Object.entries(JSON.parse(text)) : [...new URLSearchParams(text)]
  return members.filter(([name]) => WHAT_IT_TELLS.test(name)).map(([, value]) => String(value))
}

/**
 * @param {number} count
 * @param {NodeJS.ProcessEnv} env
 */
export const startFleet = async (count, env) => {
  /** @type {Set<string>} */
  const secrets = new Set()
  /** @type {string[]} */
  const logs = []
  /** @type {string[]} */
  const spans = []
  let [kills, cutOff] = [0, 0]
  /** @type {{ readonly moment: Moment, readonly strike: (at: number) => void } | undefined} */
  let armed

  /** @param {number} at @param {number} port */
  const start = async (at, port) => {
    const child = fork(new URL('replica.mjs', import.meta.url), {
      env: { ...process.env, ...env, PORT: `${port}` },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => logs.push(String(text)))
    // What it said last is read after it has ended.
    const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
    let renewing = 0
    await new Promise((resolve, reject) => {
      void ended.then(() => reject(new Error(`a replica ended: ${logs.slice(-5).join('')}`)))
      child.on('message', (/** @type {Message} */ message) => {
        if (message.kind === 'ready') resolve(undefined)
        else if (message.kind === 'span') spans.push(message.text)
        else if (message.kind === 'event') {
          if (message.event === 'Renewing') renewing++
          if (ENDS_A_RENEWAL.test(message.event)) renewing--
        } else {
          for (const secret of secretsIn(message.secret)) secrets.add(secret)
          if (message.isRenewal && message.kind === armed?.moment) armed.strike(at)
        }
      })
    })
    const kill = async () => {
      child.kill('SIGKILL')
      await ended
      return renewing
    }
    return { port, kill }
  }

  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const replicas = await Promise.all(ports.map((port, at) => start(at, port)))

  return {
    secrets,
    logs,
    spans,
    ports: () => ports,
    /** Kills the next replica that comes to that moment of a renewal. Resolves when it is there again. */
    killAt: async (/** @type {Moment} */ moment) => {
      const at = await new Promise((/** @type {(at: number) => void} */ strike) => {
        armed = { moment, strike }
      })
      armed = undefined
      const replica = replicas[at]
      if (replica === undefined) return
      cutOff += await replica.kill()
      kills++
      replicas[at] = await start(at, replica.port)
    },
    /** How many were killed, and how many renewals ended with them. */
    counts: () => ({ kills, cutOff }),
    /** What they export at the moment. One that is just coming again has nothing to say. */
    metrics: () =>
      Promise.all(
        ports.map((port) =>
          fetch(`http://127.0.0.1:${port}/metrics`)
            .then((answer) => answer.text())
            .catch(() => ''),
        ),
      ),
    end: () => Promise.all(replicas.map(({ kill }) => kill())),
  }
}
