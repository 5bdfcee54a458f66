# Puts the migrations into the library, so that the program needs no files beside it. Included by hub/CMakeLists.txt to
# declare the step, and run by the build (cmake -P) to write the source file.
if(CMAKE_SCRIPT_MODE_FILE)
  set(source "// Written by embed_migrations.cmake.\n#include <array>\n\n#include \"platform/storage/migrations.h\"\n\n")
  string(APPEND source "namespace zhida::storage {\nnamespace {\n")
  foreach(dialect sqlite postgresql)
    file(GLOB scripts ${FOLDER}/${dialect}/*.sql)
    list(SORT scripts)
    list(LENGTH scripts count)
    string(APPEND source "const std::array<Migration, ${count}> k_${dialect}{{\n")
    foreach(script IN LISTS scripts)
      get_filename_component(name ${script} NAME_WLE)
      file(SHA256 ${script} digest)
      file(READ ${script} text)
      string(FIND "${text}" ")zhida_sql\"" clash)
      if(NOT clash EQUAL -1)
        message(FATAL_ERROR "${script} holds the mark that ends an embedded text: )zhida_sql\"")
      endif()
      string(APPEND source "    Migration{\"${name}\", \"${digest}\", R\"zhida_sql(${text})zhida_sql\"},\n")
    endforeach()
    string(APPEND source "}};\n")
  endforeach()
  string(APPEND source "}  // namespace\n\nstd::span<const Migration> migrations(Dialect dialect) {\n"
                       "  if (dialect == Dialect::sqlite) return k_sqlite;\n  return k_postgresql;\n}\n\n"
                       "}  // namespace zhida::storage\n")
  file(WRITE ${OUTPUT} "${source}")
  return()
endif()

file(GLOB migration_scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/migrations/*/*.sql)
set(migrations_source ${CMAKE_BINARY_DIR}/generated/storage/migrations.cpp)
add_custom_command(
  OUTPUT ${migrations_source}
  COMMAND ${CMAKE_COMMAND} -D FOLDER=${CMAKE_CURRENT_LIST_DIR}/migrations -D OUTPUT=${migrations_source}
          -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${migration_scripts} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding the migrations" VERBATIM)
target_sources(zhida_storage PRIVATE ${migrations_source})
