import { defineConfig } from 'vitepress'
import { inRepository, repository } from '../../packages/tools/home.js'
import { slugOf } from '../../packages/tools/links.js'
import { nav, sidebar } from './contents.js'

export default defineConfig({
  title: 'Tessera',
  description: 'OAuth 2.0 tokens that stay valid, for Node.js',
  base: process.env['DOCS_BASE'] || '/',
  srcDir: '.vitepress/pages',
  lang: 'en',
  lastUpdated: false,
  // The index of the search is one file.
  vite: { build: { chunkSizeWarningLimit: 4_000 } },
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { prisma: 'ts' },
  },
  // The theme's home page has no landmark.
  transformHtml: (html) => html.replace('<div class="VPContent is-home"', '<div role="main" class="VPContent is-home"'),
  themeConfig: {
    nav,
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    footer: { message: `<a href="${inRepository('LICENSE')}">MIT licence</a>` },
  },
})
