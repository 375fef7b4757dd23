# add_proto_library(TARGET ROOT dir PROTOS ... [GRPC] [DEPS ...])
#
# CMake 3.25's protobuf_generate() tracks no imports; this rule does, by protoc's depfile. Ninja wants the first name
# of the depfile to be the first OUTPUT: protoc sorts, so .grpc.pb.cc comes before .pb.cc.
function(add_proto_library target)
  cmake_parse_arguments(P "GRPC" "ROOT" "PROTOS;DEPS" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  set(srcs)
  foreach(proto ${P_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" base ${proto})
    set(gen ${out}/${base}.pb.cc ${out}/${base}.pb.h)
    set(grpc_args)
    if(P_GRPC)
      set(gen ${out}/${base}.grpc.pb.cc ${out}/${base}.grpc.pb.h ${gen})
      set(grpc_args --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    get_filename_component(folder ${out}/${base} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(OUTPUT ${gen}
      COMMAND protobuf::protoc -I ${P_ROOT} --cpp_out=${out} ${grpc_args} --dependency_out=${out}/${base}.d
              ${P_ROOT}/${proto}
      DEPENDS ${P_ROOT}/${proto} protobuf::protoc gRPC::grpc_cpp_plugin
      DEPFILE ${out}/${base}.d VERBATIM)
    list(APPEND srcs ${gen})
  endforeach()
  add_library(${target} STATIC ${srcs})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf ${P_DEPS})
  if(P_GRPC)
    target_link_libraries(${target} PUBLIC gRPC::grpc++)
  endif()
endfunction()
