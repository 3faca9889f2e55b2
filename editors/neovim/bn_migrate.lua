-- Starts bn-migrate-lsp for Python files, with the commands :BnMigrateFile, :BnMigrateWorkspace and :BnMigrateVerify.
-- For the folder ~/.config/nvim/plugin/. What init.lua sets in vim.g.bn_migrate counts:
--   vim.g.bn_migrate = { cmd = { '/path/to/bn-migrate-lsp' }, settings = { target = 'mindspore.nn' } }

local NAME = 'bn_migrate'
local FIX_ALL = 'source.fixAll.bnMigrate'
local chosen = vim.g.bn_migrate or {}
local started = {} -- the number of the client by folder
local attached = {} -- the number of the client by buffer

local function say(message)
  vim.notify('bn-migrate: ' .. message, vim.log.levels.ERROR)
end

--- The folder of the project that a file belongs to.
local function root_of(file)
  local folder = vim.fn.fnamemodify(file, ':p:h')
  local marks = {
    vim.fn.findfile('pyproject.toml', vim.fn.escape(folder, ' ,') .. ';'),
    vim.fn.finddir('.git', vim.fn.escape(folder, ' ,') .. ';'),
    vim.fn.findfile('.git', vim.fn.escape(folder, ' ,') .. ';'),
  }
  for _, mark in ipairs(marks) do
    if mark ~= '' then
      return vim.fn.fnamemodify(mark, ':p'):gsub('/$', ''):match('^(.*)/[^/]+$')
    end
  end
  return folder
end

--- The client of a folder, started where it does not run yet.
local function start(config)
  if vim.lsp.start then
    return vim.lsp.start(config, { attach = false })
  end
  local id = started[config.root_dir] -- Neovim 0.7
  if id == nil or vim.lsp.client_is_stopped(id) then
    id = vim.lsp.start_client(config)
    started[config.root_dir] = id
  end
  return id
end

local function attach(buffer)
  local file = vim.api.nvim_buf_get_name(buffer)
  if file == '' or file:match('^%w+://') then
    return
  end
  local cmd = chosen.cmd or { 'bn-migrate-lsp' }
  if vim.fn.executable(cmd[1]) == 0 then
    say(cmd[1] .. " is not there. Install it (pip install '.[lsp]'), or name it: vim.g.bn_migrate = { cmd = { … } }")
    return
  end
  local id = start({
    name = NAME,
    cmd = cmd,
    root_dir = root_of(file),
    settings = { ['bn-migrate'] = chosen.settings or vim.empty_dict() },
  })
  if id then
    attached[buffer] = id
    vim.lsp.buf_attach_client(buffer, id)
  end
end

--- Asks the server of this buffer; `then_do` gets the client and the answer.
local function ask(method, params, then_do)
  local client = vim.lsp.get_client_by_id(attached[vim.api.nvim_get_current_buf()] or -1)
  if client == nil then
    say('the server does not run for this file')
    return
  end
  local function answered(error, result)
    if error then
      say(error.message)
    elseif then_do then
      then_do(client, result)
    end
  end
  if vim.fn.has('nvim-0.11') == 1 then
    client:request(method, params, answered)
  else
    client.request(method, params, answered)
  end
end

local function migrate_file()
  local start_of_file = { line = 0, character = 0 }
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    range = { start = start_of_file, ['end'] = start_of_file },
    context = { only = { FIX_ALL }, diagnostics = {} },
  }
  ask('textDocument/codeAction', params, function(client, actions)
    if actions == nil or actions[1] == nil then
      vim.notify('bn-migrate: nothing to rewrite')
    else
      vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
    end
  end)
end

local function migrate_workspace()
  ask('workspace/executeCommand', { command = 'bn-migrate.migrateWorkspace', arguments = {} })
end

local function verify()
  ask('workspace/executeCommand', { command = 'bn-migrate.verify', arguments = { vim.uri_from_bufnr(0) } })
end

vim.api.nvim_create_user_command('BnMigrateFile', migrate_file, { desc = 'Migrate this file' })
vim.api.nvim_create_user_command('BnMigrateWorkspace', migrate_workspace, { desc = 'Migrate all files' })
vim.api.nvim_create_user_command('BnMigrateVerify', verify, { desc = 'Prove this file' })
vim.api.nvim_create_autocmd('FileType', {
  group = vim.api.nvim_create_augroup(NAME, {}),
  pattern = 'python',
  callback = function(event)
    attach(event.buf)
  end,
})
