import { type Command as Commander, CommanderError, Option } from 'commander'
import type { CurlOptions } from '../commands/curl.js'
import type { DownscopeOptions } from '../commands/downscope.js'
import type { ExecOptions } from '../commands/exec.js'
import type { TokenOptions } from '../commands/token.js'
import { ExitCode } from '../exitCode.js'
import { FORMATS, formatsHelp } from '../formats/names.js'
import type { Syntax } from './Syntax.js'
import { collect, DEFAULT_VARIABLE, MIN_VALID, OWN, variableName, variableNames } from './values.js'

export const token: Syntax = (root, run) => {
  root
    .command('token')
    .description('print a token that is valid now, in the form that another program reads')
    .argument('[operation]', 'of --format git and docker: get, store, erase')
    .addOption(new Option('--format <format>', 'in which form; see below').choices(FORMATS))
    .option('--env <name>', 'the variable of --format env', variableName, DEFAULT_VARIABLE)
    .addOption(MIN_VALID)
    .option('--username <name>', 'of --format git and docker, where the server wants another than the usual')
    .addHelpText(
      'after',
      `${formatsHelp}

Examples:
  $ curl -H "Authorization: Bearer $(tessera token)" https://api.box.com/2.0/users/me
  $ TOKEN=$(tessera token --min-valid 10m) ./a-job-of-ten-minutes`,
    )
    .action((operation: string | undefined, options: TokenOptions) =>
      run(async () => (await import('../commands/token.js')).token, {
        ...options,
        ...(operation !== undefined && { operation }),
      }),
    )
}

export const curl: Syntax = (root, run) => {
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
      return run(async () => (await import('../commands/curl.js')).curl, {
        ...options,
        url,
        header: options.header ?? [],
        data: options.data ?? [],
        include: options.include ?? false,
        location: options.location ?? false,
      })
    })
}

export const exec: Syntax = (root, run) => {
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
    .addOption(MIN_VALID)
    .addHelpText(
      'after',
      `
The command's exit code is this one's; 126 and 127 say that it cannot be run, or is not there. Signals are passed on. A variable keeps the
token that it began with; the file, of mode 0600, is replaced by each that follows, and removed at the end.

Examples:
  $ tessera exec --env GH_TOKEN --min-valid 10m -- gh repo list
  $ tessera exec --file AWS_WEB_IDENTITY_TOKEN_FILE -- terraform apply`,
    )
    .action((command: string, args: ReadonlyArray<string>, { env, file = [], minValid }: Partial<ExecOptions>) =>
      run(async () => (await import('../commands/exec.js')).exec, {
        command,
        args,
        file,
        env: env ?? (file.length === 0 ? [DEFAULT_VARIABLE] : []),
        ...(minValid !== undefined && { minValid }),
      }),
    )
}

export const downscope: Syntax = (root, run) => {
  root
    .command('downscope')
    .description('print a token that may do less, by token exchange; file:ID and folder:ID are of Box')
    .requiredOption('--scope <scope>', 'what it may do; may be given again', collect)
    .option('--resource <item>', 'where: file:ID, folder:ID or an address')
    .addOption(new Option('--shared-link <url>', 'where: a shared link').conflicts('resource'))
    .addHelpText('after', '\nExample:\n  $ tessera downscope --scope item_preview --resource file:123')
    .action((options: DownscopeOptions) =>
      run(async () => (await import('../commands/downscope.js')).downscope, options),
    )
}
