# SPDX-License-Identifier: Apache-2.0
# Run by cpack when the files are where they are packed from: adds what Debian wants of every package.
function(compress file)
  execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(READ ${CMAKE_CURRENT_LIST_DIR}/copyright copyright)
foreach(package ${CPACK_COMPONENTS_ALL})
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${package}/usr)
  set(doc ${root}/share/doc/${package})
  file(WRITE ${doc}/copyright "${copyright}")
  file(COPY ${CMAKE_CURRENT_LIST_DIR}/../CHANGELOG.md DESTINATION ${doc})
  file(WRITE ${doc}/changelog
    "${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
    "  * See CHANGELOG.md.gz for what has changed.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
  compress(${doc}/changelog)
  compress(${doc}/CHANGELOG.md)
  if(EXISTS ${root}/share/zsh) # where Debian's zsh looks for what packages bring
    file(RENAME ${root}/share/zsh/site-functions ${root}/share/zsh/vendor-completions)
  endif()
  file(GLOB pages ${root}/share/man/man*/*.[1-8])
  foreach(page ${pages})
    compress(${page})
  endforeach()
  file(GLOB_RECURSE archives ${root}/*.a)
  foreach(archive ${archives})
    execute_process(COMMAND strip --strip-debug --remove-section=.comment --remove-section=.note ${archive}
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  file(GLOB overrides ${CMAKE_CURRENT_LIST_DIR}/overrides/${package})
  foreach(override ${overrides})
    file(COPY ${override} DESTINATION ${root}/share/lintian/overrides)
  endforeach()
  execute_process(COMMAND chmod -R u=rwX,go=rX ${CPACK_TEMPORARY_DIRECTORY}/${package})
endforeach()
