import { Option } from 'commander'
import type { ServeOptions } from '../commands/serve.js'
import { MANAGERS } from '../serve/units.js'
import type { Syntax } from './Syntax.js'
import { number, WHOLE } from './values.js'

export const serve: Syntax = (root, run) => {
  // The option of all commands, which is one profile elsewhere, names several here.
  const profiles: string[] = []
  root.on('option:profile', (name: string) => profiles.push(name))
  root
    .command('serve')
    .description('give the tokens of profiles over a socket, to every program of this user, until Ctrl-C')
    .option('--socket <path>', 'where (TESSERA_SOCKET), in a folder of mode 0700: $XDG_RUNTIME_DIR/tessera/broker.sock')
    .addOption(
      new Option(
        '--tcp <port>',
        'also on this port of 127.0.0.1, for those that have the bearer; 0 is a free one',
      ).argParser(number(WHOLE, 0, 65_535)),
    )
    .option('--replace', 'take the place of the broker that runs, which ends when it has answered what it was asked')
    .option(
      '--gce',
      "with --tcp, answer Google's libraries (GCE_METADATA_HOST), which send no bearer, of this user only",
    )
    .option('--oidc-agent', "a socket for oidc-agent's clients too (OIDC_SOCK)")
    .option(
      '--open',
      'open the status page in the browser, of the broker that runs where there is one (with --tcp or --open)',
    )
    .addOption(
      new Option('--print-unit <manager>', 'print what a service manager needs to start it, and start none').choices(
        MANAGERS,
      ),
    )
    .addHelpText(
      'after',
      `
It serves the profiles that --profile names, which may be given again, or all that there are. A request that names none is for the first,
or for the usual one (TESSERA_PROFILE, default). Refresh tokens never leave it.

  GET /token?profile=NAME&min_valid=SECONDS   a token that is valid now, as JSON
  POST /refused {"profile", "access_token"}   a server refused this one: one renewal for all
  GET /azure/NAME, /computeMetadata/v1/…      as Azure's and Google's libraries ask
  GET /sessions, /health, /metrics, /events   what is held, without a secret

Examples:
  $ tessera serve --profile work --profile home
  $ curl --unix-socket $XDG_RUNTIME_DIR/tessera/broker.sock 'http://broker/token?profile=work'
  $ tessera serve --tcp 8740 --gce & GCE_METADATA_HOST=127.0.0.1:8740 python3 program.py
  $ tessera serve --print-unit systemd`,
    )
    .action((options: Partial<ServeOptions>) =>
      run(async () => (await import('../commands/serve.js')).serve, {
        ...options,
        profiles,
        replace: options.replace ?? false,
        gce: options.gce ?? false,
        open: options.open ?? false,
        oidcAgent: options.oidcAgent ?? false,
      }),
    )
}
