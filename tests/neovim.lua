-- Run by tests/test_neovim.py inside Neovim, with net.py open; what is wrong ends it with an error.

local PATIENCE = 20000

local function wait_for(what, condition)
  if not vim.wait(PATIENCE, condition, 20) then
    error(what .. ' did not happen; messages: ' .. vim.fn.execute('messages'))
  end
end

local function text(name)
  local buffer = vim.fn.bufnr(name)
  return buffer >= 0 and table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), '\n') or ''
end

local function test()
  wait_for('a diagnostic', function()
    return vim.tbl_contains(vim.tbl_map(function(d) return d.code end, vim.diagnostic.get(0)), 'BN101')
  end)

  -- The quick fix under the cursor, as its menu offers it.
  vim.api.nvim_win_set_cursor(0, { 3, 10 })
  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do
      if options.format_item(item):find('^Write ms.nn') then
        return choose(item)
      end
    end
    error('no such action: ' .. vim.inspect(items))
  end
  vim.lsp.buf.code_action()
  wait_for('the quick fix', function() return text('net.py'):find('ms.nn.BatchNorm2d(3, momentum=0.8)', 1, true) end)
  vim.cmd('undo')

  wait_for('the text of before', function() return text('net.py'):find('nn.BatchNorm2d(3, momentum=0.2)', 1, true) end)
  vim.cmd('BnMigrateFile')
  wait_for(':BnMigrateFile', function() return text('net.py'):find('import mindspore', 1, true) end)
  vim.cmd('BnMigrateWorkspace')
  wait_for(':BnMigrateWorkspace', function() return text('use.py'):find('moving_mean', 1, true) end)
  vim.cmd('wall')
end

local passed, wrong = pcall(test)
if not passed then
  io.stderr:write(tostring(wrong) .. '\n')
  vim.cmd('cquit')
end
vim.cmd('qall!')
