import type { LoginOptions } from '../commands/login.js'
import { addProviderOptions } from './provider.js'
import type { Syntax } from './Syntax.js'
import { PORT } from './values.js'

export const login: Syntax = (root, run) => {
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
      run(async () => (await import('../commands/login.js')).login, {
        ...options,
        device: options.device ?? false,
        browser: options.browser ?? true,
        port: options.port ?? 0,
      }),
    )
}

export const revoke: Syntax = (root, run) => {
  root
    .command('revoke')
    .description('end the session, here and at the server')
    .action(() => run(async () => (await import('../commands/revoke.js')).revoke, {}))
}

export const inspect: Syntax = (root, run) => {
  root
    .command('inspect')
    .description('show what is stored and when it renews; no secret')
    .action(() => run(async () => (await import('../commands/inspect.js')).inspect, {}))
}
