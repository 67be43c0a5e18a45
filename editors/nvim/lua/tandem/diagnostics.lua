--- Tells the server, with each request for code actions, what others say of those lines.
---
--- Neovim sends a server its own diagnostics only, and Tandem's own are findings of a review: no quick fix of what others
--- say would ever be offered.
local M = {}

local METHOD = 'textDocument/codeAction'
local SOURCE = 'Tandem' -- Of its own diagnostics.
---@type table<vim.lsp.Client, true>
local watched = setmetatable({}, { __mode = 'k' })

---@param buffer integer
---@param line integer
---@param byte integer
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return lsp.Position
local function position(buffer, line, byte, encoding)
  local text = vim.api.nvim_buf_get_lines(buffer, line, line + 1, false)[1] or ''
  return { line = line, character = vim.str_utfindex(text, encoding, math.min(byte, #text), false) }
end

--- In the server's own encoding: the one that made the diagnostic may count otherwise.
---@param found vim.Diagnostic
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return lsp.Diagnostic
local function to_lsp(found, encoding)
  return {
    range = {
      start = position(found.bufnr, found.lnum, found.col, encoding),
      ['end'] = position(found.bufnr, found.end_lnum, found.end_col, encoding),
    },
    severity = found.severity,
    source = found.source,
    code = found.code,
    message = found.message,
    tags = vim.tbl_get(found, 'user_data', 'lsp', 'tags'),
  }
end

--- What other servers and linters say of the lines of a range.
---@param params lsp.CodeActionParams
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return lsp.Diagnostic[]
local function about(params, encoding)
  local first, last = params.range.start.line, params.range['end'].line
  local found = {}
  for _, each in ipairs(vim.diagnostic.get(vim.uri_to_bufnr(params.textDocument.uri))) do
    if each.source ~= SOURCE and each.lnum <= last and each.end_lnum >= first then
      table.insert(found, to_lsp(each, encoding))
    end
  end
  return found
end

---@param sent lsp.Diagnostic[]
---@return boolean
local function are_own(sent)
  return vim.iter(sent):all(function(each)
    return each.source == SOURCE
  end)
end

--- Add them to what the client sends, unless the caller of `vim.lsp.buf.code_action()` named some.
---@param client vim.lsp.Client
function M.send(client)
  if watched[client] then
    return
  end
  watched[client] = true
  local request = client.request
  client.request = function(self, method, params, ...)
    if method == METHOD and are_own(params.context.diagnostics) then
      local all = vim.list_extend(about(params, client.offset_encoding), params.context.diagnostics)
      local context = vim.tbl_extend('force', params.context, { diagnostics = all })
      params = vim.tbl_extend('force', params, { context = context })
    end
    return request(self, method, params, ...)
  end
end

return M
