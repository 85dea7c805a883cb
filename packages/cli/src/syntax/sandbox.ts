import type { Fault } from '@tessera/sandbox'
import { Option } from 'commander'
import type { DemoOptions } from '../commands/demo.js'
import type { SandboxCommandOptions } from '../commands/sandbox.js'
import { faultsHelp, parseFault } from '../fault.js'
import { parseHostName } from '../hostName.js'
import type { Syntax } from './Syntax.js'
import { DECIMAL, number, orThrow, PORT } from './values.js'

const fault = (text: string, before: ReadonlyArray<Fault> = []) => [...before, orThrow('--fault', parseFault(text))]

const hostName = (text: string, before: ReadonlyArray<string> = []) => [
  ...before,
  orThrow('--allow-host', parseHostName(text)),
]

export const sandbox: Syntax = (root, run) => {
  root
    .command('sandbox')
    .description('run a local Box-compatible server until Ctrl-C, with a profile "sandbox"')
    .addOption(PORT)
    .addOption(
      new Option('--rotation <mode>', 'what becomes of a redeemed refresh token')
        .choices(['grace-until-use', 'strict', 'strict-without-kill', 'none'])
        .default('grace-until-use'),
    )
    .addOption(
      new Option('--grace <seconds>', 'a redeemed refresh token gives the same answer again for so long')
        .argParser(number(DECIMAL, 0, 86_400))
        .conflicts('rotation'),
    )
    .option(
      '--settings <file>',
      'the client of this settings file, which is made where there is none: id, secret and key are the same at each run',
    )
    .addOption(
      new Option(
        '--write <file>',
        'also write the settings here, exactly as the developer console does; over those of a sandbox at most',
      ).conflicts('settings'),
    )
    .option('--fault <fault>', 'what goes wrong, see below; may be given again', fault)
    .option(
      '--allow-host <host>',
      'a name by which the server is reached, besides localhost and 127.0.0.1; may be given again',
      hostName,
    )
    .addHelpText(
      'after',
      `${faultsHelp}

Examples:
  $ tessera sandbox --port 8080 --settings box_config.json      what an application is set up with stays good
  $ tessera sandbox --grace 30                                  refresh tokens as of a server that forgives for 30 s
  $ tessera sandbox --fault status=503,endpoint=token,times=2   the token endpoint is down at first
  $ tessera sandbox --fault reset-after,grant=refresh_token     the answer to a refresh is lost
  $ tessera sandbox --fault latency=500,times=always            everything is slow

Tokens end with the sandbox that gave them, also where the next one has the same client.`,
    )
    .action((options: SandboxCommandOptions) =>
      run(async () => (await import('../commands/sandbox.js')).sandbox, options),
    )
}

export const demo: Syntax = (root, run) => {
  root
    .command('demo')
    .description(
      'a tour of it all over a local server; with --config and --base-url, its first steps at a server of yours; with --store, over a Redis or a database of yours',
    )
    .action((options: DemoOptions) => run(async () => (await import('../commands/demo.js')).demo, options))
}
