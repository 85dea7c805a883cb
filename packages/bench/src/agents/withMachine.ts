import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withServer } from '../withServer.js'
import { isInstalled, TESSERA } from './programs.js'

/** A person's folder on a machine, with a broker, and the agents of others that are installed. */
export interface Machine {
  readonly folder: string
  /** The environment of programs that are run there. */
  readonly env: NodeJS.ProcessEnv
  /** The sockets. */
  readonly broker: string
  readonly sshAgent: string
  readonly oidcAgent: string
}

const listens = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const say = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', say(true)).once('error', say(false))
  })

/** A program that listens at a socket. */
const started = async (
  path: string,
  command: string,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv,
): Promise<ChildProcess> => {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  let problem: string | undefined
  child.once('error', ({ message }) => {
    problem = message
  })
  child.once('exit', (code, signal) => {
    problem ??= `it ended with ${String(signal ?? code)}`
  })
  while (!(await listens(path))) {
    if (problem !== undefined) throw new Error(`${command} does not listen: ${problem}`)
    await sleep(20)
  }
  return child
}

/** Such a folder, with a profile of a token server of its own, as long as it is used. */
export const withMachine = <A>(use: (machine: Machine) => Promise<A>): Promise<A> =>
  withServer(async (server) => {
    const folder = mkdtempSync(join(tmpdir(), 'tessera-machine-'))
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_STATE_HOME: join(folder, 'state'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      SSH_AUTH_SOCK: join(folder, 'ssh.sock'),
      OIDC_SOCK: join(folder, 'oidc.sock'),
      GH_CONFIG_DIR: join(folder, 'gh'),
      GIT_CONFIG_NOSYSTEM: '1',
      NO_COLOR: '1',
    }
    const children: ChildProcess[] = []
    try {
      mkdirSync(join(folder, 'config', 'tessera'), { recursive: true })
      mkdirSync(env.XDG_RUNTIME_DIR, { mode: 0o700 })
      mkdirSync(env.GH_CONFIG_DIR)
      const profile = {
        version: 1,
        server: { tokenEndpoint: server.session().tokenEndpoint },
        clientId: 'app',
        clientSecret: 's3cret',
        authentication: 'basic',
        as: 'service',
      }
      writeFileSync(join(folder, 'config', 'tessera', 'default.json'), JSON.stringify(profile), { mode: 0o600 })
      writeFileSync(join(env.GH_CONFIG_DIR, 'hosts.yml'), 'github.com:\n    user: me\n    oauth_token: xxx\n', {
        mode: 0o600,
      })
      const machine: Machine = {
        folder,
        env,
        broker: join(env.XDG_RUNTIME_DIR, 'tessera', 'broker.sock'),
        sshAgent: env.SSH_AUTH_SOCK,
        oidcAgent: env.OIDC_SOCK,
      }
      const { broker, sshAgent, oidcAgent } = machine
      children.push(await started(broker, process.execPath, [TESSERA, 'serve', '--quiet'], env))
      if (isInstalled('ssh-agent')) {
        children.push(await started(sshAgent, 'ssh-agent', ['-D', '-a', sshAgent], env))
      }
      if (isInstalled('oidc-agent')) {
        const args = ['--console', '--no-autoload', '--quiet', `--socket-path=${oidcAgent}`]
        children.push(await started(oidcAgent, 'oidc-agent', args, env))
      }
      return await use(machine)
    } finally {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        await gone
      }
      rmSync(folder, { recursive: true, force: true })
    }
  })
