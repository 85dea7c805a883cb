/**
 * The command line: options in, one command run, an exit code out.
 */
import { readFileSync } from 'node:fs'
import { basename, relative } from 'node:path'
import type { Fault } from '@tessera/sandbox'
import { Argument, Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { parseBaseUrl } from './baseUrl.js'
import type { CurlOptions } from './commands/curl.js'
import type { DemoOptions } from './commands/demo.js'
import type { DownscopeOptions } from './commands/downscope.js'
import type { ExecOptions } from './commands/exec.js'
import type { LoginOptions } from './commands/login.js'
import type { McpLoginOptions, McpTokenOptions } from './commands/mcp.js'
import type { ProfileAddOptions, ProfileRemoveOptions } from './commands/profile.js'
import type { SandboxCommandOptions } from './commands/sandbox.js'
import type { StoreDeleteOptions } from './commands/store.js'
import type { StoreMigrateOptions } from './commands/storeMigrate.js'
import type { TokenOptions } from './commands/token.js'
import { ExitCode, exitCodesHelp } from './exitCode.js'
import { faultsHelp, parseFault } from './fault.js'
import { FORMATS, formatsHelp } from './formats/names.js'
import { parseHostName } from './hostName.js'
import { interruptedBy } from './interruption.js'
import type { Command, Invocation, SharedOptions } from './invocation.js'
import { meant } from './near.js'
import { parseOrigin } from './origin.js'
import { makeOutput, takesColor } from './output.js'
import { providerNames } from './preset.js'
import type { ProviderOptions } from './providerOptions.js'
import { type Problem, problem } from './report.js'
import { parseStore, type StorePlace, storesHelp } from './storePlace.js'

/** How this program was called, so that what it proposes can be typed. */
const selfOf = (script: string): string => {
  const name = basename(script)
  return name === 'tessera' ? name : `node ${relative(process.cwd(), script)}`
}

const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

const number =
  (form: RegExp, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (form.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It is a number from ${least} to ${most}.`)
  }

const WHOLE = /^\d+$/
const DECIMAL = /^\d+(\.\d+)?$/

/** The code of errors whose message is ours. */
const OWN = 'tessera.url'

/** Not as an invalid argument, whose message repeats it. */
const orThrow = <A>(option: string, parsed: E.Either<string, A>): A =>
  pipe(
    parsed,
    E.getOrElse((why): A => {
      throw new CommanderError(ExitCode.usage, OWN, `${option} ${why}`)
    }),
  )

const baseUrl = (text: string): string => orThrow('--base-url', parseBaseUrl(text))
const store = (text: string): StorePlace => orThrow('--store', parseStore(text, process.cwd()))

/** The variable that holds a token, unless it is named. */
const DEFAULT_VARIABLE = 'ACCESS_TOKEN'

const variableName = (text: string): string => {
  if (/^[A-Za-z_]\w*$/.test(text)) return text
  throw new CommanderError(ExitCode.usage, OWN, 'a variable has letters, digits and "_" only')
}

const variableNames = (text: string, before: ReadonlyArray<string> = []) => [...before, variableName(text)]

const collect = (text: string, before: ReadonlyArray<string> = []): ReadonlyArray<string> => [...before, text]

const PORT = new Option('--port <number>', 'the port on 127.0.0.1; 0 is a free one')
  .argParser(number(WHOLE, 0, 65_535))
  .default(0)

const describe = (root: Commander): void => {
  root
    .name('tessera')
    .description(
      'OAuth 2.0 tokens of any provider that are valid now, shared by every shell, and never lost.\n' +
        'Without installing it: npx @tessera/cli',
    )
    .version(version(), '-V, --version')
    .option('--profile <name>', 'the profile, a settings file in the configuration folder (TESSERA_PROFILE)')
    .option('--config <file>', "a settings file instead of a profile: box_config.json of Box's developer console")
    .option('--base-url <url>', 'for Box: another server than its own, such as the sandbox or a gateway', baseUrl)
    .option('--as <who>', 'whom the token is for: service, login, or for Box user:ID')
    .option('--store <url>', 'where sessions are kept (TESSERA_STORE): a folder, a Redis, a database; see below', store)
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait at most (30)').argParser(number(DECIMAL, 0.1, 86_400)),
    )
    .option('--json', 'one object on standard output')
    .option('--quiet', 'nothing on standard error but errors and what cannot do without you')
    .showHelpAfterError(false)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `
Examples:
  $ curl -H "Authorization: Bearer $(tessera token)" https://api.box.com/2.0/users/me
  $ tessera token --config box_config.json --as user:12345
  $ tessera login                                    in the browser; --device for a machine without one
  $ tessera downscope --scope item_preview --resource file:123
  $ tessera token --store redis://redis.example      shared by many machines, with one TESSERA_KEY
  $ tessera token --store postgres://db.example/app  the same in the database that is there already
  $ tessera store list                               what is kept, of all profiles
  $ tessera mcp login https://mcp.example/mcp        an MCP server, by its URL alone
  $ tessera sandbox                                  a server to try it all on
  $ tessera demo                                     a tour in a few seconds
${storesHelp}
${exitCodesHelp}

Standard output carries what was asked for and nothing else: a token, a report, or the object of --json. Prompts, progress,
hints and errors go to standard error. NO_COLOR is respected.
TESSERA_CLIENT_SECRET and TESSERA_PASSPHRASE win over the settings file, TESSERA_KEY over the key file of the sessions.`,
    )
}

/** The shells whose completion is known. */
const SHELLS = ['bash', 'zsh', 'fish']

const addCompletionCommands = (root: Commander, run: Run): void => {
  root
    .command('completion')
    .description('print the script that completes commands, options and names in a shell')
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText(
      'after',
      `
To install it:
  bash   add to ~/.bashrc:  eval "$(tessera completion bash)"
  zsh    add to ~/.zshrc, after compinit:  eval "$(tessera completion zsh)"
  fish   tessera completion fish > ~/.config/fish/completions/tessera.fish`,
    )
    .action((shell: string) => run(async () => (await import('./commands/completion.js')).completion, { shell }))
  root
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: ReadonlyArray<string>) =>
      run(async () => (await import('./commands/completion.js')).complete, { root, words }),
    )
}

type Run = <O>(load: () => Promise<Command<O>>, options: O) => Promise<void>

const addStoreCommands = (root: Commander, run: Run): void => {
  const group = root
    .command('store')
    .description('the sessions of a store, of all profiles: list, inspect, delete, migrate')
    .addHelpText('after', storesHelp)
  group
    .command('list')
    .description('list all sessions; no secret')
    .action(() => run(async () => (await import('./commands/store.js')).storeList, {}))
  group
    .command('inspect')
    .description('show one session: that of the profile, or another; no secret')
    .argument('[key]', 'its name or id, as "list" shows them')
    .action((key?: string) =>
      run(async () => (await import('./commands/store.js')).storeInspect, { ...(key !== undefined && { key }) }),
    )
  group
    .command('delete')
    .description(
      'delete one session, readable or not; its tokens stay alive at the server, which "tessera revoke" ends',
    )
    .argument('<key>', 'its name or id, as "list" shows them')
    .option('--yes', 'without being asked')
    .action((key: string, { yes = false }: Partial<StoreDeleteOptions>) =>
      run(async () => (await import('./commands/store.js')).storeDelete, { key, yes }),
    )
  group
    .command('migrate')
    .description('make the table of sessions in a database where there is none; again it changes nothing')
    .option('--print', 'print its SQL, for a migration tool of yours, and ask no server')
    .addHelpText(
      'after',
      `
Examples:
  $ tessera store migrate --store postgres://owner@db.example/app
  $ tessera store migrate --store mysql://db.example/app --print > migrations/7_sessions.sql`,
    )
    .action(({ print = false }: Partial<StoreMigrateOptions>) =>
      run(async () => (await import('./commands/storeMigrate.js')).storeMigrate, { print }),
    )
}

const pair =
  (option: string) =>
  (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined) {
      throw new CommanderError(ExitCode.usage, OWN, `${option} is not NAME=VALUE`)
    }
    return { ...before, [name]: value }
  }

/** One whose values are completed. What is none of them is told by the command, with the nearest. */
const providerOption = (): Option => {
  const option = new Option('--provider <provider>', 'one that is known by its name')
  option.argChoices = [...providerNames]
  return option
}

const origin =
  (option: string) =>
  (text: string, before: ReadonlyArray<string> = []) => [...before, orThrow(option, parseOrigin(text))]

const url =
  (option: string) =>
  (text: string): string =>
    orThrow(
      option,
      pipe(
        parseBaseUrl(text.replace(/\?.*$/, '')),
        E.map(() => text),
      ),
    )

/** The options that describe a provider. */
const addProviderOptions = (command: Commander): Commander =>
  command
    .option('--issuer <url>', 'the provider, by its issuer: the rest is in its metadata', url('--issuer'))
    .addOption(providerOption())
    .option(
      '--set <name=value>',
      'what that provider has to know: domain=acme.okta.com; may be given again',
      pair('--set'),
    )
    .option('--client-id <id>', 'the client, as it is registered there')
    .option('--secret-stdin', "the client's secret comes by standard input (or by TESSERA_CLIENT_SECRET, at each run)")
    .addOption(
      new Option('--authentication <method>', 'how the secret is sent, where the provider does not say').choices([
        'basic',
        'post',
      ]),
    )
    .option('--scope <scope>', 'what to ask for; may be given again', collect)
    .option(
      '--parameter <name=value>',
      'one more parameter of the request: audience=…; may be given again',
      pair('--parameter'),
    )
    .option('--origin <origin>', 'where "tessera curl" may take the token; may be given again', origin('--origin'))
    .option(
      '--allow-http <origin>',
      'an http origin of a network of your own: http://keycloak:8080; may be given again',
      origin('--allow-http'),
    )
    .option('--token-endpoint <url>', 'of a provider without metadata', url('--token-endpoint'))
    .option('--authorization-endpoint <url>', 'of one', url('--authorization-endpoint'))
    .option('--device-authorization-endpoint <url>', 'of one', url('--device-authorization-endpoint'))
    .option('--revocation-endpoint <url>', 'of one', url('--revocation-endpoint'))

const addProfileCommands = (root: Commander, run: Run): void => {
  const group = root.command('profile').description('providers with a name: add, list, show, remove')
  addProviderOptions(group.command('add'))
    .description('add a profile; with --update, change one')
    .argument('<name>', 'its name')
    .option('--update', 'change what is named of a profile that is there')
    .addHelpText(
      'after',
      `
Examples:
  $ tessera profile add work --issuer https://as.example --client-id app --origin https://api.example
  $ tessera profile add robot --issuer https://as.example --client-id app --as service --scope read
  $ tessera profile add box --provider box --client-id x9y
  $ tessera profile add okta --provider okta --set domain=acme.okta.com --client-id app
  $ tessera profile add dev --issuer http://keycloak:8080/realms/dev --client-id app --allow-http http://keycloak:8080`,
    )
    .action((name: string, options: ProviderOptions & Partial<ProfileAddOptions>) =>
      run(async () => (await import('./commands/profile.js')).profileAdd, {
        ...options,
        name,
        update: options.update ?? false,
      }),
    )
  group
    .command('list')
    .description('list all profiles; no secret')
    .action(() => run(async () => (await import('./commands/profile.js')).profileList, {}))
  group
    .command('show')
    .description('show one profile; no secret')
    .argument('[name]', 'its name')
    .action((name?: string) =>
      run(async () => (await import('./commands/profile.js')).profileShow, { ...(name !== undefined && { name }) }),
    )
  group
    .command('remove')
    .description('remove a profile; its sessions stay in their store')
    .argument('<name>', 'its name')
    .option('--yes', 'without being asked')
    .action((name: string, { yes = false }: Partial<ProfileRemoveOptions>) =>
      run(async () => (await import('./commands/profile.js')).profileRemove, { name, yes }),
    )
}

const fault = (text: string, before: ReadonlyArray<Fault> = []) => [...before, orThrow('--fault', parseFault(text))]

const hostName = (text: string, before: ReadonlyArray<string> = []) => [
  ...before,
  orThrow('--allow-host', parseHostName(text)),
]

const addSandboxCommand = (root: Commander, run: Run): void => {
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
      run(async () => (await import('./commands/sandbox.js')).sandbox, options),
    )
}

const addMcpCommands = (root: Commander, run: Run): void => {
  const group = root
    .command('mcp')
    .description('sessions with MCP servers, by their URL alone: login, token; --profile tells two logins at one apart')
  const server = (command: Commander): Commander =>
    command
      .argument('<url>', 'of the MCP server: https://mcp.example/mcp', url('the URL'))
      .option(
        '--allow-http <origin>',
        'an http origin of a network of your own; may be given again',
        origin('--allow-http'),
      )
  server(group.command('login'))
    .description('log in as a person, in the browser')
    .option('--device', 'by a code that is typed on another device')
    .option('--no-browser', 'print the address instead of opening it')
    .addOption(
      new Option('--port <number>', 'the port on 127.0.0.1, where the client is registered with one').argParser(
        number(WHOLE, 1, 65_535),
      ),
    )
    .option('--scope <scope>', 'what to ask for besides what the server asks for; may be given again', collect)
    .option('--client-id <id>', 'a client that is registered (its secret: TESSERA_CLIENT_SECRET)')
    .option('--client-metadata-url <url>', 'a document about the client, which is its id', url('--client-metadata-url'))
    .addHelpText(
      'after',
      `
Example:
  $ tessera mcp login https://mcp.example/mcp`,
    )
    .action((address: string, options: Partial<McpLoginOptions>) =>
      run(async () => (await import('./commands/mcp.js')).mcpLogin, {
        ...options,
        url: address,
        device: options.device ?? false,
        browser: options.browser ?? true,
      }),
    )
  server(group.command('token'))
    .description('print a token that is valid now')
    .addHelpText(
      'after',
      `
Example:
  $ curl -H "Authorization: Bearer $(tessera mcp token https://mcp.example/mcp)" https://mcp.example/mcp …`,
    )
    .action((address: string, options: Partial<McpTokenOptions>) =>
      run(async () => (await import('./commands/mcp.js')).mcpToken, { ...options, url: address }),
    )
}

const addCommands = (root: Commander, run: Run): void => {
  root
    .command('token')
    .description('print a token that is valid now, in the form that another program reads')
    .argument('[operation]', 'of --format git and docker: get, store, erase')
    .addOption(new Option('--format <format>', 'in which form; see below').choices(FORMATS))
    .option('--env <name>', 'the variable of --format env', variableName, DEFAULT_VARIABLE)
    .option('--username <name>', 'of --format git and docker, where the server wants another than the usual')
    .addHelpText(
      'after',
      `${formatsHelp}

Example:
  $ curl -H "Authorization: Bearer $(tessera token)" https://api.box.com/2.0/users/me`,
    )
    .action((operation: string | undefined, options: TokenOptions) =>
      run(async () => (await import('./commands/token.js')).token, {
        ...options,
        ...(operation !== undefined && { operation }),
      }),
    )
  addProviderOptions(root.command('login'))
    .description('log in as a person, in the browser')
    .option('--device', 'by a code that is typed on another device')
    .option('--no-browser', 'print the address instead of opening it')
    .addOption(PORT)
    .addHelpText(
      'after',
      `
Examples:
  $ tessera login --provider github --client-id Iv1.8a61f9b3a7aba766 --scope read:user --device
  $ tessera login --issuer https://as.example --client-id app
  $ tessera login
  $ tessera login --device
  $ tessera token --as login`,
    )
    .action((options: Partial<LoginOptions>) =>
      run(async () => (await import('./commands/login.js')).login, {
        ...options,
        device: options.device ?? false,
        browser: options.browser ?? true,
        port: options.port ?? 0,
      }),
    )
  root
    .command('curl')
    .description("send a request with the token, to the profile's origins only; renewed once at a 401")
    .argument('<url>', 'where to')
    .argument('[options...]', 'after "--", the options below too')
    .option('-X, --request <method>', 'the method (GET; POST with data)')
    .option('-H, --header <line>', '"NAME: VALUE"; may be given again', collect)
    .option('-d, --data <data>', 'the body: a text, @FILE, or @- for standard input; may be given again', collect)
    .option('-i, --include', 'the status and the headers too')
    .option('-L, --location', "follow redirects; data and headers of yours go to the profile's origins only")
    .option('-o, --output <file>', 'write the body to a file')
    .addHelpText('after', '\nExample:\n  $ tessera curl https://api.box.com/2.0/users/me')
    .action((url: string, rest: ReadonlyArray<string>, _: unknown, command: Commander) => {
      const { operands, unknown } = command.parseOptions([...rest])
      const [extra] = [...unknown, ...operands]
      if (extra !== undefined)
        throw new CommanderError(ExitCode.usage, OWN, 'curl takes one URL, and the options that --help shows')
      const options = command.opts<Partial<CurlOptions>>()
      return run(async () => (await import('./commands/curl.js')).curl, {
        ...options,
        url,
        header: options.header ?? [],
        data: options.data ?? [],
        include: options.include ?? false,
        location: options.location ?? false,
      })
    })
  root
    .command('exec')
    .description('run a command with a token in a variable, or in a file that is kept valid while it runs')
    .argument('<command>', 'the command; its own options go after "--"')
    .argument('[args...]')
    .option('--env <name>', 'the variable that holds the token (ACCESS_TOKEN); may be given again', variableNames)
    .option(
      '--file <name>',
      'the variable that holds the path of a file with the token; may be given again',
      variableNames,
    )
    .addHelpText(
      'after',
      `
The command's exit code is this one's; 126 and 127 say that it cannot be run, or is not there. Signals are passed on. A variable keeps the
token that it began with; the file, of mode 0600, is replaced by each that follows, and removed at the end.

Examples:
  $ tessera exec --env GH_TOKEN -- gh repo list
  $ tessera exec --file AWS_WEB_IDENTITY_TOKEN_FILE -- terraform apply`,
    )
    .action((command: string, args: ReadonlyArray<string>, { env, file = [] }: Partial<ExecOptions>) =>
      run(async () => (await import('./commands/exec.js')).exec, {
        command,
        args,
        file,
        env: env ?? (file.length === 0 ? [DEFAULT_VARIABLE] : []),
      }),
    )
  addProfileCommands(root, run)
  root
    .command('downscope')
    .description('print a token that may do less, by token exchange; file:ID and folder:ID are of Box')
    .requiredOption('--scope <scope>', 'what it may do; may be given again', collect)
    .option('--resource <item>', 'where: file:ID, folder:ID or an address')
    .addOption(new Option('--shared-link <url>', 'where: a shared link').conflicts('resource'))
    .addHelpText('after', '\nExample:\n  $ tessera downscope --scope item_preview --resource file:123')
    .action((options: DownscopeOptions) =>
      run(async () => (await import('./commands/downscope.js')).downscope, options),
    )
  root
    .command('revoke')
    .description('end the session, here and at the server')
    .action(() => run(async () => (await import('./commands/revoke.js')).revoke, {}))
  root
    .command('inspect')
    .description('show what is stored and when it renews; no secret')
    .action(() => run(async () => (await import('./commands/inspect.js')).inspect, {}))
  addStoreCommands(root, run)
  addMcpCommands(root, run)
  addSandboxCommand(root, run)
  root
    .command('demo')
    .description(
      'a tour of it all over a local server; with --config and --base-url, its first steps at a server of yours; with --store, over a Redis or a database of yours',
    )
    .action((options: DemoOptions) => run(async () => (await import('./commands/demo.js')).demo, options))
  addCompletionCommands(root, run)
}

/** What Commander says that a mistyped command or option may have meant. */
const suggested = (message: string): ReadonlyArray<string> =>
  /\(Did you mean (?:one of )?(.*)\?\)$/.exec(message)?.[1]?.split(', ') ?? []

const usage = ({ message, code }: CommanderError, self: string): Problem => {
  const what = message
    .replace(/^error: /, '')
    .replace(/\.?\n.*$/s, '')
    .replace(/\.$/, '')
  // A URL in a wrong place, which Commander repeats, may have a password.
  const shown = code === OWN ? what : what.replace(/:\/\/.*@/, '://…@')
  return { ...problem(ExitCode.usage, shown, `${self} --help`), likely: meant(suggested(message)) }
}

/** Runs what the arguments say. The promise gives the exit code and never rejects. */
export const program = async (host: NodeJS.Process): Promise<number> => {
  const { stdout, stderr, stdin, env, argv } = host
  // Whoever reads the output may go before it ends.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  const self = selfOf(argv[1] ?? 'tessera')
  const color = { out: takesColor(stdout, env), err: takesColor(stderr, env) }
  const outputOf = ({ json = false, quiet = false }: SharedOptions) =>
    makeOutput({ out: stdout, err: stderr, json, quiet, color })

  const root = new Commander()
  let exit: number = ExitCode.ok

  const run: Run = async (load, options) => {
    const shared = root.opts<SharedOptions>()
    const { signal, passTo } = interruptedBy(host)
    const invocation: Invocation = {
      shared,
      output: outputOf(shared),
      variables: env,
      signal,
      passSignalsTo: passTo,
      exitWith: (code) => {
        exit = code
      },
      self,
      interactive: stdin.isTTY === true && stderr.isTTY === true,
    }
    const command = await load()
    const task: TaskEither<Problem, void> = command(invocation, options)
    const result = await task()
    if (E.isLeft(result)) {
      exit = result.left.exit
      invocation.output.problem(result.left)
    }
  }

  describe(root)
  root.exitOverride().configureOutput({ outputError: () => undefined })
  addCommands(root, run)

  try {
    await root.parseAsync(argv)
    return exit
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return ExitCode.ok
      if (error.code !== 'commander.help') outputOf(root.opts<SharedOptions>()).problem(usage(error, self))
      return ExitCode.usage
    }
    // What was thrown may hold anything, so that only its kind is shown.
    const kind = error instanceof Error ? error.name : typeof error
    outputOf(root.opts<SharedOptions>()).problem(
      problem(
        ExitCode.unexpected,
        `something went wrong inside (${kind})`,
        'report it, with the command that you typed',
      ),
    )
    return ExitCode.unexpected
  }
}
