// In Stryker's copy of the workspace, bundle.js writes all tests here.
