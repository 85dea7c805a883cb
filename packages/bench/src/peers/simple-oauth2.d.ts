// What is used of simple-oauth2, which brings no types of its own.
declare module 'simple-oauth2' {
  interface Config {
    readonly client: { readonly id: string; readonly secret: string }
    readonly auth: { readonly tokenHost: string; readonly tokenPath: string }
    readonly options: { readonly authorizationMethod: 'body' | 'header' }
  }
  interface AccessToken {
    readonly token: Readonly<Record<string, unknown>>
    readonly expired: (window?: number) => boolean
    readonly refresh: (parameters?: object) => Promise<AccessToken>
  }
  interface Client {
    readonly getToken: (parameters: object) => Promise<AccessToken>
    readonly createToken: (token: object) => AccessToken
  }
  export const ClientCredentials: new (config: Config) => Client
  export const AuthorizationCode: new (config: Config) => Client
}
