import type { KeyPlace } from '@tessera/node'
import { Argument } from 'commander'
import type { StoreDeleteOptions } from '../commands/store.js'
import type { StoreMigrateOptions } from '../commands/storeMigrate.js'
import { storesHelp } from '../storePlace.js'
import type { Syntax } from './Syntax.js'

export const store: Syntax = (root, run) => {
  const group = root
    .command('store')
    .description('the sessions of a store, of all profiles: list, inspect, delete, migrate, key')
    .addHelpText('after', storesHelp)
  group
    .command('list')
    .description('list all sessions; no secret')
    .action(() => run(async () => (await import('../commands/store.js')).storeList, {}))
  group
    .command('inspect')
    .description('show one session: that of the profile, or another; no secret')
    .argument('[key]', 'its name or id, as "list" shows them')
    .action((key?: string) =>
      run(async () => (await import('../commands/store.js')).storeInspect, { ...(key !== undefined && { key }) }),
    )
  group
    .command('delete')
    .description(
      'delete one session, readable or not; its tokens stay alive at the server, which "tessera revoke" ends',
    )
    .argument('<key>', 'its name or id, as "list" shows them')
    .option('--yes', 'without being asked')
    .action((key: string, { yes = false }: Partial<StoreDeleteOptions>) =>
      run(async () => (await import('../commands/store.js')).storeDelete, { key, yes }),
    )
  group
    .command('key')
    .description('show where the key is that seals the sessions, or move it there')
    .addArgument(new Argument('[place]', 'where it goes').choices(['keyring', 'file']))
    .addHelpText(
      'after',
      `
The keyring is that of the system, which opens when you log in: the Keychain, the Credential Manager, on Linux the Secret Service
(GNOME, KDE, KeePassXC). It takes the package @napi-rs/keyring beside this one: npm install -g @napi-rs/keyring
Moved back, the key stays in the keyring too.`,
    )
    .action((to?: KeyPlace) =>
      run(async () => (await import('../commands/storeKey.js')).storeKey, { ...(to !== undefined && { to }) }),
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
      run(async () => (await import('../commands/storeMigrate.js')).storeMigrate, { print }),
    )
}
