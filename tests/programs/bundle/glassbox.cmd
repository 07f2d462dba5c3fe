@echo off
rem Glassbox without a network: runs a task with the Deno that is in this folder.
rem
rem     glassbox.cmd start
rem     glassbox.cmd preflight --registry http://192.168.1.20:5080
rem     glassbox.cmd            does the same as glassbox.cmd start

setlocal
cd /d "%~dp0"
if not exist "kit\deno\windows-x64\deno.exe" (
  echo glassbox: there is no Deno for Windows in this bundle 1>&2
  exit /b 1
)
set "PATH=%~dp0kit\deno\windows-x64;%PATH%"
set "DENO_DIR=%~dp0kit\cache"
set "DENO_NO_UPDATE_CHECK=1"
rem The packages are in the cache under this name, whatever registry the settings of npm on this machine name.
set "NPM_CONFIG_REGISTRY=https://registry.npmjs.org/"

if "%~1"=="" (
  deno task --quiet start
) else (
  deno task --quiet %*
)
exit /b %ERRORLEVEL%
