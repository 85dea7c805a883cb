import type { ProfileAddOptions, ProfileRemoveOptions } from '../commands/profile.js'
import type { ProviderOptions } from '../providerOptions.js'
import { addProviderOptions } from './provider.js'
import type { Syntax } from './Syntax.js'

export const profile: Syntax = (root, run) => {
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
      run(async () => (await import('../commands/profile.js')).profileAdd, {
        ...options,
        name,
        update: options.update ?? false,
      }),
    )
  group
    .command('list')
    .description('list all profiles; no secret')
    .action(() => run(async () => (await import('../commands/profile.js')).profileList, {}))
  group
    .command('show')
    .description('show one profile; no secret')
    .argument('[name]', 'its name')
    .action((name?: string) =>
      run(async () => (await import('../commands/profile.js')).profileShow, { ...(name !== undefined && { name }) }),
    )
  group
    .command('remove')
    .description('remove a profile; its sessions stay in their store')
    .argument('<name>', 'its name')
    .option('--yes', 'without being asked')
    .action((name: string, { yes = false }: Partial<ProfileRemoveOptions>) =>
      run(async () => (await import('../commands/profile.js')).profileRemove, { name, yes }),
    )
}
